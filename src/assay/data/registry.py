"""Every data set that assay knows by name, with what is true of it before it is read."""

from __future__ import annotations

from dataclasses import dataclass

from assay.data.splitting import Split

_A_FIFTH = Split(fraction=0.2)
_TEN_THOUSAND = Split(count=10000)


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a named data set.

    Attributes
    ----------
    name, description : str
    origin : str
        ``scikit-learn``, ``keras.datasets`` or ``synthetic``.
    train_rows, test_rows : int
        Rows in the source; `test_rows` is 0 where it has no test set of its own. Synthetic sets: by default.
    features : int
        Columns; for texts the default number of words.
    classes : int or None
        None for a regression.
    citation : str
    validation, test : Split
        What is held out when a study says nothing; `test` is not used where the source has a test set.
    scaling : str
        What is done to the features when a study says nothing.
    is_text : bool
        Whether rows are texts, handed out multi-hot.
    """

    name: str
    description: str
    origin: str
    train_rows: int
    features: int
    classes: int | None
    citation: str
    test_rows: int = 0
    validation: Split = _A_FIFTH
    test: Split = _A_FIFTH
    scaling: str = "none"
    is_text: bool = False

    @property
    def rows(self) -> int:
        """Rows of training and test set together."""
        return self.train_rows + self.test_rows

    @property
    def task(self) -> str:
        """What is asked of a network, unless the study asks otherwise."""
        if self.classes is None:
            return "regression"
        return "binary" if self.classes == 2 else "multiclass"


def _embedded(
    name: str,
    description: str,
    rows: int,
    features: int,
    classes: int | None,
    citation: str,
    *,
    test: Split = _A_FIFTH,
    scaling: str = "standard",
) -> DatasetInfo:
    return DatasetInfo(name, description, "scikit-learn", rows, features, classes, citation, test=test, scaling=scaling)


def _images(name: str, description: str, train_rows: int, features: int, citation: str) -> DatasetInfo:
    return DatasetInfo(
        name,
        description,
        "keras.datasets",
        train_rows,
        features,
        10,
        citation,
        test_rows=10000,
        validation=_TEN_THOUSAND,
        scaling="unit",
    )


def _synthetic(name: str, description: str, features: int, classes: int | None) -> DatasetInfo:
    return DatasetInfo(name, description, "synthetic", 1000, features, classes, "made by assay, from a seed")


DATASETS: dict[str, DatasetInfo] = {
    info.name: info
    for info in (
        _embedded(
            "digits",
            "handwritten digits, 8×8 pixels",
            1797,
            64,
            10,
            "Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998",
            test=Split(fraction=0.3),
            scaling="unit",
        ),
        _embedded("iris", "three species of iris by four measures", 150, 4, 3, "Fisher, Annals of Eugenics 7, 1936"),
        _embedded("wine", "three cultivars by chemical analysis", 178, 13, 3, "Aeberhard and Forina, Wine, UCI, 1991"),
        _embedded(
            "breast_cancer",
            "malignant or benign, by the shape of cell nuclei",
            569,
            30,
            2,
            "Wolberg et al., Breast Cancer Wisconsin (Diagnostic), UCI, 1995",
        ),
        _embedded(
            "diabetes",
            "progress of the disease after a year, from ten measures",
            442,
            10,
            None,
            "Efron et al., Least angle regression, Annals of Statistics 32, 2004",
        ),
        _synthetic("ball", "points in a ball: is |sum of coordinates| beyond half the radius?", 10, 2),
        _synthetic("moons", "two interleaved half circles", 2, 2),
        _synthetic("circles", "a circle around another", 2, 2),
        _synthetic("spirals", "interleaved spiral arms", 2, 2),
        _synthetic("blobs", "Gaussian clouds", 2, 3),
        _synthetic("noise", "normal points with a normal target that has nothing to do with them", 16, None),
        _images("mnist", "handwritten digits, 28×28 pixels", 60000, 784, "LeCun et al., Proc. IEEE 86, 1998"),
        _images(
            "fashion_mnist",
            "pieces of clothing, 28×28 pixels",
            60000,
            784,
            "Xiao et al., Fashion-MNIST, arXiv:1708.07747, 2017",
        ),
        _images(
            "cifar10",
            "photographs of ten kinds of things, 32×32 pixels in colour",
            50000,
            3072,
            "Krizhevsky, Learning multiple layers of features from tiny images, 2009",
        ),
        DatasetInfo(
            "imdb",
            "film reviews, positive or negative; which words occur",
            "keras.datasets",
            25000,
            10000,
            2,
            "Maas et al., Learning word vectors for sentiment analysis, ACL 2011",
            test_rows=25000,
            validation=Split(first=10000),
            is_text=True,
        ),
        DatasetInfo(
            "reuters",
            "newswires by topic; which words occur",
            "keras.datasets",
            8982,
            10000,
            46,
            "Reuters-21578, Distribution 1.0",
            test_rows=2246,
            validation=Split(first=1000),
            is_text=True,
        ),
    )
}
"""Every named data set, in the order in which a newcomer meets them."""

CLASS_NAMES: dict[str, tuple[str, ...]] = {
    "fashion_mnist": (
        "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ),
    "cifar10": ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    "imdb": ("negative", "positive"),
    "reuters": (
        "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee",
        "sugar", "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx",
        "interest", "gnp", "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal", "livestock",
        "retail", "ipi", "iron-steel", "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange", "pet-chem",
        "dlr", "gas", "silver", "wpi", "hog", "lead",
    ),
}  # fmt: skip
"""Names of classes that are more than numbers; those of scikit-learn's sets come with the data."""
