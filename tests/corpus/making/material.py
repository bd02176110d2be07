"""Words and pictures for the files that are made: a letter as people bring to be stamped."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw, ImageFont

TITLE = "SURAT PERNYATAAN"
LINES = [
    "Yang bertanda tangan di bawah ini, saya:",
    "Nama: Siti Rahmawati. Alamat: Jalan Merdeka 17, Bandung.",
    "menyatakan dengan sebenarnya bahwa semua data yang saya berikan benar",
    "dan bahwa saya bersedia menerima akibatnya apabila ternyata tidak benar.",
    "Surat pernyataan ini saya buat dalam keadaan sadar dan tanpa paksaan.",
    "Bandung, 17 Agustus 2026. Yang menyatakan,",
]
ARABIC = "بسم الله الرحمن الرحيم، هذا عقد بيع بين الطرفين"
CHINESE = "租赁合同：甲方将房屋出租给乙方使用，租金每月一次。"
JAPANESE = "賃貸借契約書：甲は乙に次の物件を賃貸する。"
KOREAN = "임대차 계약서: 갑은 을에게 다음 물건을 임대한다."
THAI = "สัญญาเช่าบ้าน ผู้ให้เช่าตกลงให้เช่า"
HTML = f"""<!doctype html><html lang="id"><head><meta charset="utf-8"><title>{TITLE}</title></head>
<body><h1>{TITLE}</h1>{"".join(f"<p>{line}</p>" for line in LINES)}
<table border="1"><tr><th>Uraian</th><th>Jumlah</th></tr><tr><td>Sewa</td><td>Rp 12.000.000</td></tr></table>
</body></html>"""
SVG = f"""<svg xmlns="http://www.w3.org/2000/svg" width="595" height="842" viewBox="0 0 595 842">
<rect x="30" y="30" width="535" height="60" fill="#dde4f5" stroke="#1e2456"/>
<text x="60" y="70" font-size="24" font-family="DejaVu Sans">{TITLE}</text>
<g fill="none" stroke="#b33" stroke-width="3"><path d="M60 150 C 200 100, 300 300, 500 160"/></g>
{"".join(f'<text x="60" y="{260 + 30 * n}" font-size="11">{line}</text>' for n, line in enumerate(LINES))}
</svg>"""


def scanned_page(mode: str = "L", dots_per_inch: int = 100, *, photo: bool = False) -> Image.Image:
    """A page as a scanner sees it: letters, a little dirt; or a photograph of colours."""
    width, height = round(8.27 * dots_per_inch), round(11.69 * dots_per_inch)
    generator = random.Random(5)
    if photo:
        coarse = Image.frombytes("RGB", (12, 17), generator.randbytes(12 * 17 * 3))
        page = coarse.resize((width, height), Image.Resampling.BICUBIC)
    else:
        page = Image.new("RGB", (width, height), (250, 249, 246))
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(dots_per_inch / 6)
    for number, line in enumerate([TITLE, "", *LINES]):
        draw.text((width * 0.1, height * (0.1 + 0.04 * number)), line, fill=(20, 20, 40), font=font)
    for _ in range(40):
        x, y = generator.randrange(width), generator.randrange(height)
        draw.point((x, y), fill=(90, 90, 90))
    return page.convert(mode)


def picture_bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file of that kind, marked with 100 dpi."""
    out = io.BytesIO()
    options.setdefault("dpi", (100, 100))
    image.save(out, kind, **options)
    return out.getvalue()
