"""Faults of ministack's S3."""

from xml.etree.ElementTree import Element, SubElement

from ministack.services import s3

from faults.seams import replace


def make_good() -> None:
    """All of this module."""
    part_checksums_are_kept()


def part_checksums_are_kept() -> None:
    """GetObjectAttributes tells of the parts without the checksums that they were uploaded with."""
    complete, append = s3._complete_multipart_upload, s3._append_object_parts

    def complete_multipart_upload(bucket: str, key: str, body: bytes, query: dict, *more: object) -> tuple:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"), {"parts": {}})
        answer = complete(bucket, key, body, query, *more)
        if answer[0] == 200 and upload["parts"]:
            for part in s3._buckets[bucket]["objects"][key]["parts"]:
                part["Checksums"] = upload["parts"][part["PartNumber"]]["checksums"]
        return answer

    def append_object_parts(root: Element, record: dict, headers: dict) -> None:
        append(root, record, headers)
        checksums = {str(part["PartNumber"]): part.get("Checksums", {}) for part in record.get("parts") or []}
        for part in root.iterfind("ObjectParts/Part"):
            for algorithm, value in checksums[part.findtext("PartNumber")].items():
                SubElement(part, f"Checksum{algorithm}").text = value

    replace(complete, complete_multipart_upload)
    replace(append, append_object_parts)
