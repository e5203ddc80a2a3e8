"""A local stand-in for TCIA's server with answers in the format of its NBIA API, version 4."""

import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

from dicom_factory import make_affine, make_frames, write_classic

LICENCE_TEXT = "Creative Commons Attribution 3.0 Unported, as packed by the archive\n"
UID = "1.3.6.1.4.1.14519.5.2.1.4591.4001."


def describe(number, patient, description, images, **changes) -> dict:
    """One element of a getSeries answer."""
    return {
        "SeriesInstanceUID": f"{UID}{number}",
        "StudyInstanceUID": f"{UID}{number}0",
        "Modality": "MR",
        "ProtocolName": "BRAIN",
        "SeriesDate": "2001-12-03 00:00:00.0",
        "SeriesDescription": description,
        "BodyPartExamined": "BRAIN",
        "SeriesNumber": number,
        "AnnotationsFlag": False,
        "Collection": "TCGA-GBM",
        "PatientID": patient,
        "Manufacturer": "SIEMENS",
        "ManufacturerModelName": "Avanto",
        "SoftwareVersions": "syngo MR B15",
        "ImageCount": images,
        "TimeStamp": "2014-05-28 15:22:16.0",
        "FileSize": images * 2000,
        "DateReleased": "2014-05-28",
        "LicenseName": "Creative Commons Attribution 3.0 Unported License",
        "LicenseURI": "http://creativecommons.org/licenses/by/3.0/",
        "CollectionURI": "https://doi.org/10.7937/K9/TCIA.2016.RNYFUYE9",
        **changes,
    }


def pack_series(folder, number, patient, images=40, fault="") -> bytes:
    """The zip that getImageWithMD5Hash sends for a DSC series; `fault` says what is wrong."""
    frames = make_frames((images // 4, 4, 12, 10), seed=number)
    uid = f"{UID}{number}"
    write_classic(
        folder,
        frames,
        make_affine(),
        SeriesInstanceUID=uid,
        PatientID=patient,
        PatientName=patient,
        PatientIdentityRemoved="YES",
    )
    hashes, packed = ["Filename,MD5Hash"], io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for index, path in enumerate(sorted(folder.iterdir())):
            data = path.read_bytes()
            hashes.append(f"1-{index + 1:02d}.dcm,{hashlib.md5(data).hexdigest()}")
            if fault == "one file missing" and index == 3:
                continue
            if fault == "one file changed" and index == 3:
                data = data[:-1] + bytes([data[-1] ^ 1])
            archive.writestr(f"1-{index + 1:02d}.dcm", data)
        if fault != "no hashes":
            archive.writestr("md5hashes.csv", "\n".join(hashes) + "\n")
        archive.writestr("LICENSE", LICENCE_TEXT)
    data = packed.getvalue()
    return data[: len(data) // 2] if fault == "cut off" else data


class TciaServer:
    """Serves `series` (a getSeries answer, or bytes as they are) and `archives` (zips by UID)."""

    def __init__(self):
        self.series, self.archives, self.asked = [], {}, []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                address = urlparse(self.path)
                endpoint = address.path.rsplit("/", 1)[-1]
                query = {key: values[0] for key, values in parse_qs(address.query).items()}
                status, body = outer.answer(endpoint, query)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/nbia-api/services/v4/"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, endpoint, query) -> tuple[int, bytes]:
        if self.status != 200:
            return self.status, b"{}"
        if endpoint == "getSeries":
            if isinstance(self.series, bytes):
                return 200, self.series
            found = [
                item
                for item in self.series
                if (item["Collection"], item["Modality"])
                == (query["Collection"], query["Modality"])
            ]
            return 200, json.dumps(found).encode() if found else b""
        uid = query.get("SeriesInstanceUID")
        if endpoint == "getImageWithMD5Hash" and uid in self.archives:
            self.asked.append(uid)
            return 200, self.archives[uid]
        return 404, b"not found"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
