"""Readers of files with boxes, for data sets: VOC, YOLO and COCO."""

from __future__ import annotations

from leukokit.api.box_files.coco import read_coco
from leukokit.api.box_files.found import BoxFiles, BoxRole, Edges, ImageFinder, role_of
from leukokit.api.box_files.voc import read_voc
from leukokit.api.box_files.yolo import read_yolo

__all__ = [
    "BoxFiles",
    "BoxRole",
    "Edges",
    "ImageFinder",
    "read_coco",
    "read_voc",
    "read_yolo",
    "role_of",
]
