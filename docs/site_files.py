"""What mkdocs must know of this repository: README.md is the home page, and pages link to files outside docs/.

On GitHub a link leads anywhere in the repository. The site holds docs/ alone, so every file that a page links to is
taken into it at its path in the repository, and links are written anew. A link to a folder becomes plain text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
HOME = "README.md"
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")
LINK_TO_FOLDER = re.compile(r"\[([^\[\]]*)\]\(([^)\s#:]+)\)")
IS_ELSEWHERE = re.compile(r"[a-z]+:")


def site_path(path: str) -> str:
    """The path in the site of a file of the repository."""
    return "index.md" if path == HOME else path.removeprefix("docs/")


def repository_path(path: str) -> str:
    """The path in the repository of a page of the site."""
    if path == site_path(HOME):
        return HOME
    return f"docs/{path}" if (ROOT / "docs" / path).exists() else path


def aim(target: str, path: str) -> str:
    """The path in the repository to which a page's relative link leads."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def linked_files(path: str) -> set[str]:
    """The files of the repository that a page links to."""
    text = (ROOT / path).read_text(encoding="utf-8")
    targets = [match[1] for match in LINK.finditer(text) if not IS_ELSEWHERE.match(match[1])]
    return {aim(target, path) for target in targets if (ROOT / aim(target, path)).is_file()}


def with_site_links(text: str, path: str) -> str:
    """The text of a page with its links as they are in the site."""
    here = posixpath.dirname(site_path(path)) or "."

    def without_folder(match: re.Match[str]) -> str:
        return match[1] if (ROOT / aim(match[2], path)).is_dir() else match[0]

    def rewritten(match: re.Match[str]) -> str:
        if IS_ELSEWHERE.match(match[1]):
            return match[0]
        return f"]({posixpath.relpath(site_path(aim(match[1], path)), here)}{match[2] or ''})"

    return LINK.sub(rewritten, LINK_TO_FOLDER.sub(without_folder, text))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take in the home page, and all that is linked to, directly or through another page."""
    waiting = [HOME, *(f"docs/{file.src_uri}" for file in files.documentation_pages())]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        if files.get_file_from_path(site_path(path)) is None:
            files.append(File.generated(config, site_path(path), abs_src_path=str(ROOT / path)))
        if path.endswith(".md"):
            found = linked_files(path) - seen
            seen |= found
            waiting += sorted(found)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Write the links anew."""
    return with_site_links(markdown, repository_path(page.file.src_uri))
