"""Every sentence for people: Indonesian here, other languages in `locale/`, one catalogue each.

A sentence is marked where it stands (`translation.N_`) and translated where it is shown
(`translation.translate`). `script/texts` brings the catalogues up to date.
"""
