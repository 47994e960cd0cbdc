"""A CSV of images: columns, lines of bad rows, splits, masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from leukokit.api import DataError, ImageRejected, Part, Status
from leukokit.plugins.datasets.table import TableDataset


def table(folder: Path, text: str, *, images: int = 5, **params: Any) -> TableDataset:
    """Write a table and its images 0.png ... beside it."""
    for i in range(images):
        (folder / f"{i}.png").write_bytes(b"picture %d" % i)
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return TableDataset.create(file=folder / "t.csv", **params)


def test_only_the_path_is_required(tmp_path: Path) -> None:
    """A list of files is a data set without labels, groups, splits and masks."""
    dataset = table(tmp_path, "path\n1.png\n0.png\n")
    first, second = dataset.samples()
    assert (first.id, first.path, first.label, first.group) == ("1.png", tmp_path / "1.png", None, None)
    assert second.id == "0.png"
    assert dataset.splits() == {}
    assert dataset.default_split() is None
    assert dataset.truth(first) is None


def test_all_columns_are_read(tmp_path: Path) -> None:
    """Label, group, part and mask come from their columns; empty cells are unknown; order is the table's."""
    text = (
        "\ufeffpath,label,group,split,mask,remark\n"
        "0.png,blast,p1,train,4.png,\n"
        '1.png,"blast, large",p1,valid,,"two\nlines"\n'
        "\n"
        "2.png,,,TEST,,\n"
        "3.png,normal,,,,\n"
    )
    dataset = table(tmp_path, text)
    samples = dataset.samples()
    assert [(s.label, s.group, s.mask_path) for s in samples] == [
        ("blast", "p1", tmp_path / "4.png"),
        ("blast, large", "p1", None),
        (None, None, None),
        ("normal", None, None),
    ]
    assert dataset.splits() == {
        "table": {"0.png": Part.TRAIN, "1.png": Part.VALIDATION, "2.png": Part.TEST},
    }
    assert dataset.default_split() == "table"


def test_columns_and_delimiter_can_be_named(tmp_path: Path) -> None:
    """Other names and a semicolon are parameters."""
    dataset = table(
        tmp_path, "file;type\n0.png;x\n", columns={"path": "file", "label": "type"}, delimiter=";"
    )
    assert [(s.id, s.label) for s in dataset.samples()] == [("0.png", "x")]


def test_columns_of_no_other_use_are_traits(tmp_path: Path) -> None:
    """Empty cells are not known; of a column that is there twice nobody knows which is meant."""
    text = "path,label,device,site,note,note\n0.png,x,old,A,1,2\n1.png,y,,B,1,2\n"
    samples = table(tmp_path, text).samples()
    assert [sample.traits for sample in samples] == [{"device": "old", "site": "A"}, {"site": "B"}]


def test_absent_columns_say_what_there_is(tmp_path: Path) -> None:
    """A column that was asked for by name has to be there; others may be absent."""
    with pytest.raises(DataError, match=r"t.csv: has no column 'path'; it has number, type"):
        table(tmp_path, "number;type\n0;x\n").samples()
    with pytest.raises(DataError, match="has no column 'klass'; it has path, label"):
        table(tmp_path, "path,label\n0.png,x\n", columns={"label": "klass"}).samples()
    with pytest.raises(DataError, match="has the column 'path' more than once"):
        table(tmp_path, "path,path\n0.png,x\n").samples()
    with pytest.raises(DataError, match="it has none"):
        table(tmp_path, "").samples()


def test_every_bad_row_is_named_with_its_line(tmp_path: Path) -> None:
    """All mistakes come in one error; a row over two lines counts from its first."""
    text = (
        "path,label,split,mask\n"
        '0.png,"two\nlines",train,\n'  # lines 2 and 3
        "absent.png,x,train,\n"
        ",x,train,\n"
        "1.png,x,tset,nomask.png\n"
        "0.png,x,train,\n"
        "2.png,x\n"
        ".,x,,\n"
    )
    with pytest.raises(DataError) as caught:
        table(tmp_path, text).samples()
    assert str(caught.value).split("t.csv: ")[1].splitlines() == [
        "7 bad entries:",
        "  line 4: path absent.png is not there",
        "  line 5: path is empty",
        "  line 6: mask nomask.png is not there",
        "  line 6: split is 'tset', expected train, validation or test",
        "  line 7: 0.png stands in line 2 already; remove one of the two lines",
        "  line 8: 2 cells, the header has 4",
        "  line 9: path . is no file",
        f"  Images are looked for in {tmp_path}: name their folder, --set data.params.root=FOLDER",
    ]


def test_many_bad_rows_are_counted(tmp_path: Path) -> None:
    """Twenty are listed, the others are counted."""
    text = "path\n" + "".join(f"no{i}.png\n" for i in range(50))
    with pytest.raises(DataError, match=r"50 bad entries:(?s:.*)and 30 more"):
        table(tmp_path, text).samples()


def test_a_name_that_no_file_can_have_is_a_bad_entry(tmp_path: Path) -> None:
    """The system refuses to look for it; the message shows its beginning."""
    with pytest.raises(DataError, match=r"1 bad entry:\s+line 2: path '.{1,90}' is no file name"):
        table(tmp_path, f"path\n{'a' * 5000}\n").samples()


def test_broken_files_are_told(tmp_path: Path) -> None:
    """A quote that never ends, bytes that are no text, no rows, no file."""
    with pytest.raises(DataError, match=r"line 3: .*Check quotes and commas"):
        table(tmp_path, 'path\n0.png\n"1.png\n2.png\n').samples()
    with pytest.raises(DataError, match="has no rows"):
        table(tmp_path, "path\n\n").samples()
    dataset = table(tmp_path, "path\n")
    (tmp_path / "t.csv").write_bytes(b"path\n\x81.png\n")
    with pytest.raises(DataError, match=r"is not UTF-8, UTF-16 or Windows-1252 text \(byte 5\)"):
        dataset.samples()
    assert "is not there; expected a CSV with a column 'path'" in (
        TableDataset.create(file=tmp_path / "x.csv").missing() or ""
    )
    assert "is not a file" in (TableDataset.create(file=tmp_path).missing() or "")
    assert dataset.missing() is None


def test_copies_are_listed_like_any_file(tmp_path: Path) -> None:
    """Whether one image may have two labels is for a run or an audit to say."""
    (tmp_path / "copy.png").write_bytes(b"picture 0")
    assert len(table(tmp_path, "path,label\n0.png,a\ncopy.png,\n").samples()) == 2
    assert len(table(tmp_path, "path,label\n0.png,a\ncopy.png,b\n").samples()) == 2


MASK = np.array(
    [
        [1, 1, 0, 0, 0, 0],
        [1, 2, 0, 0, 0, 0],
        [0, 0, 0, 2, 1, 0],
        [0, 0, 0, 0, 1, 0],
    ],
    np.uint8,
)


def masked(folder: Path, mask: Image.Image, name: str = "m.png", **params: Any) -> Any:
    """Truth of one image with the given mask."""
    mask.save(folder / name)
    dataset = table(folder, f"path,mask\n0.png,{name}\n", **params)
    return dataset.truth(dataset.samples()[0])


def test_masks_become_cells_that_share_ids(tmp_path: Path) -> None:
    """Nucleus and cytoplasm that touch are one cell of one id."""
    truth = masked(tmp_path, Image.fromarray(MASK))
    assert truth.status is Status.OK
    assert truth.count == 2
    assert truth.cell.dtype == truth.nucleus.dtype == np.int32
    assert np.array_equal(truth.cell > 0, (MASK == 1) | (MASK == 2))
    assert np.array_equal(truth.nucleus > 0, MASK == 2)
    assert np.array_equal(truth.nucleus[MASK == 2], truth.cell[MASK == 2])
    assert truth.cell[0, 0] != truth.cell[2, 3]


@pytest.mark.parametrize("kind", ["palette", "RGB", "TIFF", "16-bit"])
def test_masks_of_any_plain_kind_are_read(tmp_path: Path, kind: str) -> None:
    """Palette indices, equal channels and 16-bit values are the same mask."""
    expected = masked(tmp_path, Image.fromarray(MASK)).cell
    image = Image.fromarray(MASK)
    if kind == "palette":
        image = Image.fromarray(MASK, mode="L").convert("P")
        image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0] + [0] * 21)
    elif kind == "RGB":
        image = Image.fromarray(np.repeat(MASK[..., None], 3, axis=2))
    elif kind == "16-bit":
        image = Image.fromarray(MASK.astype(np.uint16))
    name = "m.tif" if kind == "TIFF" else "m.png"
    assert np.array_equal(masked(tmp_path, image, name).cell, expected)


def test_mask_values_can_be_named(tmp_path: Path) -> None:
    """Masks drawn in 128 and 255, and masks of nuclei alone, are read with their own values."""
    drawn = Image.fromarray(np.choose(np.minimum(MASK, 2), [0, 128, 255]).astype(np.uint8))
    truth = masked(tmp_path, drawn, mask_values={"cytoplasm": 128, "nucleus": 255})
    assert np.array_equal(truth.nucleus > 0, MASK >= 2)
    alone = masked(tmp_path, drawn, mask_values={"nucleus": 255}, mask_other="background")
    assert np.array_equal(alone.cell, alone.nucleus)
    with pytest.raises(ImageRejected, match=r"not name: 128 \(20.83%\), 255 \(.*named are cytoplasm: 1"):
        masked(tmp_path, drawn)
    with pytest.raises(ValueError, match="need different values, both are 2"):
        table(tmp_path, "path\n", mask_values={"cytoplasm": 2, "nucleus": 2})
    with pytest.raises(ValueError, match="name the value of the nucleus"):
        table(tmp_path, "path\n", mask_values={"cytoplasm": 2})


def test_a_mask_without_cells_says_so(tmp_path: Path) -> None:
    """An empty mask is a field without a cell, not an error."""
    truth = masked(tmp_path, Image.fromarray(np.zeros((4, 4), np.uint8)))
    assert truth.status is Status.NO_CELL
    assert truth.count == 0


def test_bad_masks_are_rejected(tmp_path: Path) -> None:
    """Color, damage and JPEG, which smears values, are `bad_mask`."""
    color = np.zeros((4, 4, 3), np.uint8)
    color[..., 0] = 2
    with pytest.raises(ImageRejected, match="is a color image") as caught:
        masked(tmp_path, Image.fromarray(color))
    assert caught.value.reason == "bad_mask"
    with pytest.raises(ImageRejected, match=r"bad_mask: m.jpg cannot be read|does not decode"):
        masked(tmp_path, Image.fromarray(MASK), "m.jpg")
    dataset = table(tmp_path, "path,mask\n0.png,m.png\n")
    (tmp_path / "m.png").write_bytes((tmp_path / "m.png").read_bytes()[:50])
    with pytest.raises(ImageRejected, match="bad_mask"):
        dataset.truth(dataset.samples()[0])


def test_pixel_sizes_are_read_and_wrong_ones_named_with_their_row(tmp_path: Path) -> None:
    """A cell may be empty; a column of another name is said under columns."""
    text = "path,um\n0.png,0.12\n1.png,\n"
    first, second = table(tmp_path, text, columns={"pixel_size_um": "um"}).samples()
    assert (first.pixel_size_um, second.pixel_size_um) == (0.12, None)
    assert table(tmp_path, "path,pixel_size_um\n0.png,0.3\n").samples()[0].pixel_size_um == 0.3
    bad = "path,pixel_size_um\n0.png,120\n1.png,wide\n2.png,nan\n3.png,-1\n"
    with pytest.raises(DataError) as caught:
        table(tmp_path, bad).samples()
    said = "expected the width of a pixel in um (0.005 to 5)"
    assert str(caught.value).split("t.csv: ")[1].splitlines() == [
        "4 bad entries:",
        f"  line 2: pixel_size_um is '120', {said}",
        f"  line 3: pixel_size_um is 'wide', {said}",
        f"  line 4: pixel_size_um is 'nan', {said}",
        f"  line 5: pixel_size_um is '-1', {said}",
    ]
