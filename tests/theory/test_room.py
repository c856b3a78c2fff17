import ast
from pathlib import Path

import assay.theory


def test_theory_stands_alone():
    """The room imports nothing of assay but its errors and itself, and nothing heavier than NumPy at the top."""
    for file in Path(assay.theory.__file__).parent.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        modules = [name.name for node in top if isinstance(node, ast.Import) for name in node.names]
        modules += [node.module for node in top if isinstance(node, ast.ImportFrom)]
        assert not [name for name in modules if name.split(".")[0] in ("scipy", "jax", "keras", "matplotlib")], file
        ours = [name for name in modules if name.startswith("assay")]
        assert all(name.startswith(("assay.theory", "assay.errors")) for name in ours), file


def test_every_public_name_is_there():
    """What `__all__` promises can be imported, in alphabetical order."""
    assert list(assay.theory.__all__) == sorted(assay.theory.__all__)
    assert all(hasattr(assay.theory, name) for name in assay.theory.__all__)
