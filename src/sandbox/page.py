"""The frame of the twins' pages: one column, readable at 360 px, no script, both languages at once."""

from __future__ import annotations

from html import escape

_STYLE = """
:root{--ink:#17232b;--soft:#566570;--line:#d9e0e4;--paper:#fff;--ground:#f3f6f7;--act:#0b5d63;--warn:#7a3b00}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.sandbox{background:#ffe9c7;color:var(--warn);text-align:center;font-weight:600;font-size:.875rem;
padding:.5rem 1rem;border-bottom:1px solid #f0cf99}
.sandbox span{font-weight:400}
main{max-width:34rem;margin:0 auto;padding:1.25rem 1rem 3rem}
h1{font-size:1.375rem;line-height:1.25;margin:.25rem 0 1rem}
h2{font-size:1.0625rem;line-height:1.3;margin:0 0 .5rem}
.en{display:block;color:var(--soft);font-weight:400;font-size:.875rem}
.card{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:1rem;margin:0 0 1rem}
.amount{font-size:2rem;font-weight:700;letter-spacing:-.01em;font-variant-numeric:tabular-nums;margin:0}
dl{margin:1rem 0 0;display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem}
dt{color:var(--soft)}dd{margin:0;text-align:right;overflow-wrap:anywhere}
.code{font:600 1.5rem/1.3 ui-monospace,"Cascadia Mono",Menlo,monospace;letter-spacing:.04em;margin:.25rem 0}
.code.large{font-size:2.25rem;letter-spacing:.08em}
.qr{display:block;width:min(16rem,100%);margin:0 auto;background:#fff}
.qr svg{display:block;width:100%;height:auto}
button{width:100%;min-height:52px;border:0;border-radius:10px;background:var(--act);color:#fff;
font:inherit;font-size:1.125rem;font-weight:600;line-height:1.2;
margin:0 0 1rem;cursor:pointer;padding:.75rem 1rem}
button:hover{background:#084a4f}
a{color:var(--act)}a:focus-visible,button:focus-visible{outline:3px solid #f0a928;outline-offset:2px}
ul{list-style:none;margin:0;padding:0}li{border-top:1px solid var(--line);padding:.75rem 0}
li:first-child{border-top:0}
.row{display:flex;justify-content:space-between;gap:1rem;align-items:baseline;flex-wrap:wrap}
.tag{white-space:nowrap;border-radius:99px;padding:.1rem .6rem;font-size:.8125rem;font-weight:600;
background:#e6edf0;color:#33434d}
.tag.good{background:#d7f0dd;color:#14532d}.tag.wait{background:#fff0cf;color:#6b4300}
.tag.bad{background:#fbdedc;color:#7f1d1d}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.5rem 0 0}
.soft{color:var(--soft);font-size:.875rem}
"""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def document(title: str, body: str) -> str:
    """A whole page; `body` is HTML whose values are already escaped."""
    return (
        '<!doctype html><html lang="id"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{escape(title)} · SANDBOX</title><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head>"
        '<body><header class="sandbox">SANDBOX: bukan uang sungguhan '
        '<span lang="en">/ not real money</span></header>'
        f"<main>{body}</main></body></html>"
    )


def reload_link(address: str) -> str:
    """A link that loads the page again. The page does not change by itself (WCAG 2.2.1, and no script)."""
    return f'<p><a href="{escape(address)}">{both("Muat ulang", "Reload")}</a></p>'


def both(indonesian: str, english: str) -> str:
    """A phrase in both languages, the English one below."""
    return f'{escape(indonesian)} <span class="en" lang="en">{escape(english)}</span>'
