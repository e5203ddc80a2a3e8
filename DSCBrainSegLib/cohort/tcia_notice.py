"""What has to be cited and which licence holds, beside data from TCIA."""

from __future__ import annotations

from collections.abc import Iterable

from DSCBrainSegLib.cohort.tcia_series import TciaSeries

NOTICE_NAME = "CITATION-AND-LICENCE.txt"

TCGA_GBM = "TCGA-GBM"

CONTROLLED_ACCESS_URL = "https://www.cancerimagingarchive.net/nih-controlled-data-access-policy/"

_COLLECTION_CITATIONS = {
    TCGA_GBM: (
        "Scarpace L, Mikkelsen T, Cha S, Rao S, Tekchandani S, Gutman D, Saltz JH, Erickson BJ, "
        "Pedano N, Flanders AE, Barnholtz-Sloan J, Ostrom Q, Barboriak D, Pierce LJ (2016). The "
        "Cancer Genome Atlas Glioblastoma Multiforme Collection (TCGA-GBM) [Data set]. The Cancer "
        "Imaging Archive. https://doi.org/10.7937/K9/TCIA.2016.RNYFUYE9"
    )
}

_ARCHIVE_CITATION = (
    "Clark K, Vendt B, Smith K, et al. The Cancer Imaging Archive (TCIA): Maintaining and "
    "Operating a Public Information Repository. J Digit Imaging 2013; 26(6): 1045-1057. "
    "https://doi.org/10.1007/s10278-013-9622-7"
)


def citation(collection: str, series: Iterable[TciaSeries]) -> str:
    """Return what to cite: collection and archive."""
    dois = sorted({item.doi for item in series if item.doi})
    known = _COLLECTION_CITATIONS.get(collection)
    lines = [known] if known else [f"The collection {collection}; see its page for the citation."]
    lines += [f"Identifier given by the archive: {doi}" for doi in dois]
    lines.append(_ARCHIVE_CITATION)
    return "\n".join(lines)


def licences(series: Iterable[TciaSeries]) -> list[str]:
    """Return each licence the archive names for the series, with its address."""
    found = {(item.licence, item.licence_url) for item in series}
    return [
        f"{name} {address}".strip() or "The archive named no licence for some of these series."
        for name, address in sorted(found)
    ]


def notice(collection: str, series: list[TciaSeries], licence_texts: Iterable[str]) -> str:
    """Return the text that lies beside the data.

    Parameters
    ----------
    collection : str
    series : list of TciaSeries
        Those that were downloaded.
    licence_texts : iterable of str
        Licence files that the archive packed with them.
    """
    parts = [
        f"Data of the collection {collection}, The Cancer Imaging Archive (TCIA)",
        "TO CITE\n\n" + citation(collection, series),
        "LICENCE, AS THE ARCHIVE NAMED IT FOR THESE SERIES\n\n" + "\n".join(licences(series)),
        "Before using or passing on the data, read the collection's page at\n"
        f"https://www.cancerimagingarchive.net/collection/{collection.lower()}/\n"
        "and TCIA's data usage policy: nobody may try to identify the people. The citation above "
        "was\nwritten down from publications, not fetched; the page is what counts.",
    ]
    parts += [f"LICENCE FILE OF THE DOWNLOAD\n\n{text.strip()}" for text in licence_texts]
    return "\n\n\n".join(parts) + "\n"
