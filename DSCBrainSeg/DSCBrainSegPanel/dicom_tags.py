"""What Slicer's DICOM database tells of a series without opening files.

Slicer reads the tags that plugins name when files are imported, and keeps them. An MR study has
thousands of files; most series are ruled out here in microseconds.
"""

TAGS = {
    "modality": "0008,0060",
    "imageType": "0008,0008",
    "sopClassUID": "0008,0016",
    "scanningSequence": "0018,0020",
    "echoTime": "0018,0081",
    "timePoints": "0020,0105",
    "position": "0020,0032",
}
"""Names and numbers of the tags, as `DICOMPlugin.tags` takes them."""

ENHANCED = ("1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.4.4")
"""Classes of MR images that hold many frames, and their echo time deeper in the header."""

ECHO_TIMES_MS = (10.0, 80.0)
"""As the library's `series.dicom_select.ECHO_TIME_RANGE_S`, which a test compares."""

FEWEST_OF_DERIVED = 5
OTHER_KINDS = {"LOCALIZER", "DIFFUSION", "ADC", "TRACEW", "FA", "ASL"}


def mayBeDsc(database, files):
    """Say whether the files of one series may be a dynamic T2*-weighted series.

    Parameters
    ----------
    database : ctkDICOMDatabase
    files : sequence of str
    """
    if not files:
        return False

    def value(name, path=files[0]):
        return database.fileValue(path, TAGS[name]) or ""

    if value("modality") != "MR":
        return False
    kind = value("imageType").upper().split("\\")
    if OTHER_KINDS & set(kind):
        return False
    if value("sopClassUID") in ENHANCED:
        return True
    low, high = ECHO_TIMES_MS
    if not low <= _number(value("echoTime")) <= high:
        return False
    scanning = value("scanningSequence").upper().split("\\")
    if "SE" in scanning and not {"GR", "EP"} & set(scanning):
        return False
    if _number(value("timePoints")) > 1:
        return True
    # Else as many images at the first one's place as there are time points.
    wanted = FEWEST_OF_DERIVED if kind[0] == "DERIVED" else 2
    place, found = value("position"), 0
    for path in files:
        found += value("position", path) == place
        if found == wanted:
            return True
    return False


def _number(text):
    try:
        return float(text)
    except ValueError:
        return 0.0
