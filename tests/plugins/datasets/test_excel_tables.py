"""Tables as spreadsheets write them: separators, encodings, names of columns, paths of another machine."""

from __future__ import annotations

import csv
import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukokit.api import DataError, Part
from leukokit.plugins.datasets._table_text import read_table
from leukokit.plugins.datasets.table import TableDataset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four images in two folders."""
    for name in ("ALL/1.png", "ALL/2.png", "gesund/Zelle ä.png", "gesund/4.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def table(folder: Path, content: str | bytes, name: str = "t.csv", **params: object) -> TableDataset:
    """Write a table beside the images."""
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return TableDataset.create(file=folder / name, **params)


def refused(dataset: TableDataset) -> str:
    """Message of the error, from the name of the file on."""
    with pytest.raises(DataError) as caught:
        dataset.samples()
    return str(caught.value).partition("t.csv: ")[2]


EXCEL = (
    "Filename;Diagnosis;Patient ID;Pixel size (µm);Bemerkung\r\n"
    "ALL\\1.png;ALL;p1;0,25;\r\n"
    "gesund\\Zelle ä.png;gesund;p2;0,3;unscharf, rot\r\n"
    ";;;;\r\n"
)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", []),
        ("utf-8-sig", []),
        ("cp1252", ["text: Windows-1252"]),
        ("utf-16", ["text: UTF-16"]),
        ("utf-16-le", ["text: UTF-16"]),
        ("utf-16-be", ["text: UTF-16"]),
    ],
)
@pytest.mark.parametrize(("delimiter", "name"), [(";", "semicolon"), ("\t", "tab"), ("|", "|")])
def test_what_excel_writes_is_read(
    folder: Path, encoding: str, said: list[str], delimiter: str, name: str
) -> None:
    """Separator, encoding, backslashes, decimal commas and empty rows; each guess is said."""
    dataset = table(folder, EXCEL.replace(";", delimiter).encode(encoding))
    assert [(s.id, s.label, s.group, s.pixel_size_um) for s in dataset.samples()] == [
        ("ALL/1.png", "ALL", "p1", 0.25),
        ("gesund/Zelle ä.png", "gesund", "p2", 0.3),
    ]
    rows = [
        *said,
        f"{name}: separator",
        "column 'Filename': path (2 images)",
        "column 'Diagnosis': class (ALL: 1, gesund: 1 images)",
        "column 'Patient ID': patient (2 patients)",
        "column 'Pixel size (µm)': pixel size, um",
    ]
    assert [str(row) for row in dataset.readings()] == rows
    assert dataset.notes() == ["read as: " + "; ".join(rows)]


def test_a_line_for_excel_names_the_separator(folder: Path) -> None:
    """``sep=;`` is not the header, and lines are still counted from the top of the file."""
    assert len(table(folder, "sep=;\r\nfile;class\r\nALL/1.png;a\r\n").samples()) == 1
    assert "line 3: file no.png is not there" in refused(table(folder, "sep=;\r\nfile;class\r\nno.png;a\r\n"))


def test_names_of_the_own_columns_need_no_note(folder: Path) -> None:
    """A table as the documentation has it is read in silence; its names win over guesses."""
    dataset = table(folder, "path,label,group,class,patient\nALL/1.png,a,g,b,p\n")
    assert [(s.label, s.group) for s in dataset.samples()] == [("a", "g")]
    assert dataset.notes() == []
    asked = table(folder, "path,label,file\nALL/1.png,a,ALL/2.png\n", columns={"path": "file"})
    assert asked.samples()[0].id == "ALL/2.png"


@pytest.mark.parametrize(
    ("column", "group"),
    [(name, "7") for name in ("patient", "Patient_ID", "CASE", "subject", "Donor ID", "slide")],
)
def test_columns_that_tell_the_group(folder: Path, column: str, group: str) -> None:
    """Patient, case, subject, donor; a slide where there is none of them."""
    dataset = table(folder, f"path,label,{column}\nALL/1.png,a,7\n")
    assert dataset.samples()[0].group == group
    assert dataset.notes() == [f"read as: column '{column}': patient (1 patient)"]
    both = table(folder, "path,label,slide,patient\nALL/1.png,a,7,8\n")
    assert both.samples()[0].group == "8"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "path,class,diagnosis",
            '2 columns may be the class: class, diagnosis. Say which: --set "data.params.col',
        ),
        ("path,patient,case", "2 columns may be the patient (group): patient, case. Say which: --set"),
        (
            "number,a,b",
            "has no column 'path'; it has number, a, b. Name the columns: --set \"data.params.columns=",
        ),
    ],
)
def test_columns_that_are_unsure_are_refused(folder: Path, header: str, message: str) -> None:
    """With the candidates, and how to say which."""
    assert refused(table(folder, f"{header}\nALL/1.png,a,b\n".replace("ALL/1.png", "1"))).startswith(message)


def test_of_two_path_columns_the_one_with_files_is_taken(folder: Path) -> None:
    """And a column of any name, where its cells alone end as image files do."""
    assert table(folder, "image,file\n1,ALL/1.png\n2,ALL/2.png\n").samples()[0].id == "ALL/1.png"
    assert refused(table(folder, "image,file\n1,2\n")).startswith("2 columns may be the path: image, file")
    assert table(folder, "Bild,x\nALL/1.png,3\n").samples()[0].id == "ALL/1.png"
    assert "no column 'path'" in refused(table(folder, "Bild,x\nALL/1.png,3\nALL/2,4\n"))


def test_a_table_without_a_class_says_so(folder: Path) -> None:
    """Where columns are left that could hold it."""
    assert table(folder, "path,Befund\nALL/1.png,a\n").notes() == [
        "no column was taken for the class; Befund not used. Name it under columns, such as {label: NAME}"
    ]
    assert table(folder, "path,mask\nALL/1.png,\n").notes() == []


@pytest.mark.parametrize(
    "before", ["C:\\Users\\me\\My smears\\", "\\\\server\\share\\", "/home/me/smears/", "D:/smears/"]
)
def test_absolute_paths_of_another_machine_are_found_beside_the_table(folder: Path, before: str) -> None:
    """The longest end that exists; ids are those of relative paths."""
    mark = "\\" if "\\" in before else "/"
    names = [f"{before}{name}" for name in (f"ALL{mark}1.png", f"gesund{mark}4.png")]
    dataset = table(folder, "path\n" + "".join(f"{name}\n" for name in names))
    assert [s.id for s in dataset.samples()] == ["ALL/1.png", "gesund/4.png"]
    assert dataset.notes() == [f"read as: path {names[0]}: file ALL/1.png (2 such paths)"]


@pytest.mark.skipif(os.name == "nt", reason="names of files on Windows hold no backslash")
def test_a_name_with_a_backslash_is_kept_where_it_exists(folder: Path) -> None:
    """On systems that allow it."""
    (folder / "a\\b.png").write_bytes(b"")
    assert table(folder, "path\na\\b.png\n").samples()[0].id == "a\\b.png"


def test_a_path_of_another_machine_that_is_not_here_is_told_as_written(folder: Path) -> None:
    """Relative paths are not searched for elsewhere, and nothing is found outside the folder."""
    text = "path\nC:\\x\\no.png\nx\\ALL\\1.png\n/x/../ALL/none.png\n"
    assert refused(table(folder, text)).splitlines() == [
        "3 bad entries:",
        "  line 2: path C:\\x\\no.png is not there",
        "  line 3: path x\\ALL\\1.png is not there",
        "  line 4: path /x/../ALL/none.png is not there",
        f"  Images are looked for in {folder}: name their folder, --set data.params.root=FOLDER",
    ]


def test_an_encoding_that_was_guessed_is_told_beside_bad_entries(folder: Path) -> None:
    """It may be the reason that a file is not found."""
    assert refused(table(folder, "path\ngesund/Zelle é.png\n".encode("cp1252"))).splitlines()[-1] == (
        "  (the text is not UTF-8 and was read as Windows-1252; in Excel, save as 'CSV UTF-8')"
    )
    assert refused(table(folder, b"\xef\xbb\xbfpath\n\xff.png\n")).startswith(
        "begins as UTF-8 and is not (byte 5)"
    )
    assert refused(table(folder, "path\nä\n".encode("utf-16")[:-1])).startswith("begins as UTF-16 and is not")


def test_a_part_column_and_a_patient_in_two_parts(folder: Path) -> None:
    """As in the files that runs leave; torn patients are told."""
    dataset = table(folder, "path,label,part,patient\nALL/1.png,a,Training,p\nALL/2.png,a,test,p\n")
    assert dataset.splits() == {"table": {"ALL/1.png": Part.TRAIN, "ALL/2.png": Part.TEST}}
    assert dataset.notes()[1:] == ["1 patient is in two parts of the split, so scores may be too good: p"]


def test_workbooks_say_what_they_need(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old and damaged ones are to be saved as CSV; new ones need a package."""
    assert refused(table(folder, b"\xd0\xcf\x11\xe0 and so on")) == (
        "is an Excel workbook. In Excel: save as 'CSV UTF-8'"
    )
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    assert refused(table(folder, b"PK\x03\x04 and so on")) == (
        "is an Excel workbook, which needs the package openpyxl. In Excel: save as 'CSV UTF-8'; or run: "
        "pip install 'leukokit[excel]'"
    )


def test_a_workbook_is_read(folder: Path) -> None:
    """Its first sheet; whole numbers are codes without a decimal point."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["File", "Class", "Patient"], ["ALL/1.png", 1, 7.0], ["gesund/4.png", 0, "p2"], [None, None]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    dataset = table(folder, content.getvalue(), "t.xlsx")
    assert [(s.id, s.label, s.group) for s in dataset.samples()] == [
        ("ALL/1.png", "1", "7"),
        ("gesund/4.png", "0", "p2"),
    ]
    assert "cannot be read as an Excel workbook" in refused(table(folder, b"PK\x03\x04 and so on"))


CELL = st.text(st.characters(codec="cp1252", exclude_categories=("C", "Z")), min_size=1, max_size=8)


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6),
    st.sampled_from(",;\t|"),
    st.sampled_from(("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le")),
)
def test_cells_come_back_as_they_were_written(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    """Whatever they hold; the header decides where a separator is a character of cells, too."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([["path", "label"], *rows])
    raw = text.getvalue().encode(encoding)
    if encoding == "cp1252":
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            raw = text.getvalue().encode()  # bytes that are UTF-8, too, are read as such
    read = read_table(raw, None, where="t.csv")
    assert [cells for _, cells in read.lines] == [["path", "label"], *rows]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_plain_error(content: bytes) -> None:
    """Nothing that a user names raises anything else."""
    try:
        lines = read_table(content, None, where="t.csv").lines
    except DataError as error:
        lines = [(1, [str(error)])]
    assert all(number >= 1 for number, _ in lines)
