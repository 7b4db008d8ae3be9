"""Who is named and who said what in Indonesian news."""

from typing import TYPE_CHECKING

from narasumber.document import Attribution, Document, Span
from narasumber.errors import InputError

if TYPE_CHECKING:
    from narasumber.tagger import Tagger

__version__ = "0.1.0"
__all__ = ["Attribution", "Document", "InputError", "Span", "Tagger", "__version__"]


def __getattr__(name: str) -> object:
    # Tagger brings onnxruntime along, which `narasumber --help` does not need.
    if name == "Tagger":
        from narasumber.tagger import Tagger

        return Tagger
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
