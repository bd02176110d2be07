"""Makes files whose pages look different by layer, on screen or on paper."""

from __future__ import annotations

import io
from typing import Any

import pikepdf

from tests.pdf import samples

SHOWN = b"0 g 100 600 60 60 re f "
"""A black square that every reader shows: `ink_of` counts it as the first place."""
OTHER = b"0 g 300 600 60 60 re f "
"""Another square, whose showing is what a file is about: the second place."""
PLACES = ((100, 600, 160, 660), (300, 600, 360, 660))

FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


class Layered:
    """A page of A4 with `SHOWN`, to which content, layers and resources are added."""

    def __init__(self) -> None:
        self.pdf = pikepdf.open(io.BytesIO(samples.page_file(content=SHOWN)))
        self.page = self.pdf.pages[0].obj
        self.page["/Resources"] = pikepdf.Dictionary()
        self.resource("Font", "F", pikepdf.Object.parse(FONT))
        self.groups = pikepdf.Array()
        self.default = pikepdf.Dictionary()

    def resource(self, kind: str, name: str, value: Any) -> None:
        kinds = self.page["/Resources"]
        if f"/{kind}" not in kinds:
            kinds[f"/{kind}"] = pikepdf.Dictionary()
        kinds[f"/{kind}"][f"/{name}"] = value

    def layer(self, name: str = "L", **entries: Any) -> Any:
        """A layer that the page's content can name."""
        group = self.pdf.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=name, **{k: parsed(v) for k, v in entries.items()})
        )
        self.groups.append(group)
        self.resource("Properties", name, group)
        return group

    def rule(self, name: str, **entries: Any) -> Any:
        """A rule over layers (OCMD) that the page's content can name."""
        rule = self.pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCMD, **entries))
        self.resource("Properties", name, rule)
        return rule

    def off(self, *groups: Any) -> None:
        self.default["/OFF"] = pikepdf.Array(groups)

    def form(self, content: bytes, **entries: Any) -> Any:
        return self.pdf.make_stream(
            content,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Form,
            BBox=[0, 0, 600, 850],
            **{key: parsed(value) for key, value in entries.items()},
        )

    def picture(self, **entries: Any) -> Any:
        """A black dot."""
        return self.pdf.make_stream(
            b"\0",
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=1,
            Height=1,
            BitsPerComponent=8,
            ColorSpace=pikepdf.Name.DeviceGray,
            **entries,
        )

    def written(self, content: bytes) -> bytes:
        self.page["/Contents"] = self.pdf.make_stream(SHOWN + content)
        if len(self.groups):
            self.pdf.Root["/OCProperties"] = pikepdf.Dictionary(
                OCGs=self.groups, D=pikepdf.Dictionary(self.default)
            )
        self.pdf.save(out := io.BytesIO(), static_id=True)
        return out.getvalue()


def parsed(value: Any) -> Any:
    return pikepdf.Object.parse(value) if isinstance(value, bytes) else value
