"""What is learnt from: named, synthetic and own data sets, split and scaled."""

from assay.data.datasets import describe, is_available, load
from assay.data.registry import DATASETS, DatasetInfo
from assay.data.request import DataRequest, Dataset, DataShape
from assay.data.scaling import SCALINGS, Scaling
from assay.data.splitting import Resample, Split

__all__ = [
    "DATASETS",
    "SCALINGS",
    "DataRequest",
    "DataShape",
    "Dataset",
    "DatasetInfo",
    "Resample",
    "Scaling",
    "Split",
    "describe",
    "is_available",
    "load",
]
