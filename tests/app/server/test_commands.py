"""The commands that write files."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image

from app.common import racers
from app.common.saved import write_query
from app.export.sizes import SIZES
from app.network import presets as network_presets
from app.race import changes
from app.race import link as race_link
from app.race import presets as race_presets
from app.race.data import from_json, to_json
from app.server import commands
from app.server.cli import main
from optimizers import LAYERED, RULES
from surfaces import SURFACES

RACE = ["render", "--surface", "rosenbrock:steepness=30", "--racer", "adam:learning_rate=0.05", "--steps", "40"]


def test_several_files_in_one_call_and_results_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["race.png", "race.svg", "race.csv", "race.json", "race.npz"]
    outputs = [part for name in names for part in ("-o", str(tmp_path / name))]
    assert main([*RACE, *outputs, "--size", "400x300", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [Path(one["file"]).name for one in said["files"]] == names == sorted(names, key=names.index)
    assert all((tmp_path / name).stat().st_size > 100 for name in names)
    (row,) = said["results"]
    assert row["title"] == "Adam" and row["evaluations"] == 40
    with Image.open(tmp_path / "race.png") as image:
        assert image.size == (400, 300)
    assert np.load(tmp_path / "race.npz")["racer-0/losses"][-1] == pytest.approx(row["loss"])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_a_link_and_a_settings_file_give_the_same_race(tmp_path: Path) -> None:
    settings = racers.set_steps(changes.first(), 30)
    (tmp_path / "race.json").write_bytes(to_json(settings))
    link = f"http://localhost:8501/?{urlencode(race_link.query(settings), doseq=True)}"
    assert main(["render", "--link", link, "-o", str(tmp_path / "one.csv")]) == 0
    assert main(["render", "--settings", str(tmp_path / "race.json"), "-o", str(tmp_path / "two.csv")]) == 0
    assert main(["render", "--steps", "30", "-o", str(tmp_path / "three.csv")]) == 0
    one, two, three = ((tmp_path / f"{name}.csv").read_bytes() for name in ("one", "two", "three"))
    assert one == two == three


def test_render_draws_what_a_link_shows(tmp_path: Path) -> None:
    """The same race as a map, in three dimensions, as a map each, and beside another one: each picture differs."""
    first = racers.set_steps(changes.first(), 30)
    link = f"?{urlencode(race_link.query(changes.set_beside(first, True)), doseq=True)}"
    own = [["--steps", "30"], ["--steps", "30", "--window=-1,1,-0.5,0.5"], ["--link", link]]
    own += [["--steps", "30", "--picture", key] for key in ("surface", "panels")]
    own.append([*own[3], "--camera", "1,-0.5,0.4"])
    pictures = []
    for k, arguments in enumerate(own):
        path = tmp_path / f"{k}.png"
        assert main(["render", *arguments, "--size", "4:3", "-o", str(path)]) == 0
        with Image.open(path) as image:
            assert image.size == SIZES["4:3"][:2] == (1024, 768)
            pictures.append(np.asarray(image.convert("RGB")))
    assert len({one.tobytes() for one in pictures}) == len(own)


BAD = [
    (["-o", "race.xyz"], "file format is not available"),
    (["-o", "nowhere/race.png"], "no folder"),
    (["-o", "."], "file format is not available"),
    (["--surface", "rosenbrok", "-o", "race.png"], "Unknown surface 'rosenbrok'. Did you mean 'rosenbrock'?"),
    (["--racer", "adam:learning_rate=fast", "-o", "race.png"], "must be a number"),
    (["--racer", "adam:speed=3", "-o", "race.png"], "Unknown parameter of Adam 'speed'"),
    (["--steps", "0", "-o", "race.png"], "whole number"),
    (["--size", "big", "-o", "race.png"], "--size must be one of"),
    (["--size", "9x9", "-o", "race.png"], "between 200 and 4,096"),
    (["--seconds", "600", "--rate", "60", "-o", "race.mp4"], "at most 3,000 frames"),
    (["--settings", "missing.json", "-o", "race.png"], "cannot be read"),
    (["--link", "http://localhost:8501/network?v=1", "-o", "race.png"], "Network page"),
    (["--preset", "zigzg", "-o", "race.png"], "Unknown preset 'zigzg'. Did you mean 'zigzag'?"),
    (["--preset", "edge", "-o", "race.png"], "use optiscope train --preset edge"),
    (["--preset", "zigzag", "--link", "?v=1", "-o", "race.png"], "--preset and --link each describe"),
    (["--racer", "muon", "-o", "race.png"], "Muon needs the matrices of a network"),
    (["--picture", "mapp", "-o", "race.png"], "Did you mean 'map'?"),
    (["--racer", "newton", "-o", "race.optax.py"], "Newton"),
    (["--picture", "hologram", "-o", "race.png"], "picture must be one of"),
    (["--window", "1,0,0,1", "-o", "race.png"], "--window must show a part of the map"),
    (["--window", "1,2", "-o", "race.png"], "--window takes 4 numbers"),
    (["--camera", "0,0,nan", "-o", "race.png"], "--camera takes 3 numbers"),
    (["--camera", "0,0,1e9", "-o", "race.png"], "--camera: "),
]


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=[said for _, said in BAD])
def test_an_impossible_request_is_refused_and_nothing_is_written(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["render", *arguments]) == commands.BAD
    found = capsys.readouterr()
    assert said in found.err and found.err.startswith("optiscope: ") and found.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"), [(b"{", "JSON"), (b'{"a": 1}', "Optiscope"), (b'{"optiscope": "9", "version": "9"}', "")]
)
def test_a_broken_settings_file_is_reported(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "race.json").write_bytes(content)
    assert main(["render", "--settings", str(tmp_path / "race.json"), "-o", str(tmp_path / "race.png")]) == commands.BAD
    assert said in capsys.readouterr().err and not (tmp_path / "race.png").exists()


def test_a_disk_that_fills_up_leaves_no_partial_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "race.csv"
    path.write_bytes(b"before")

    class Full:
        def __init__(self, handle: int, mode: str) -> None:
            os.close(handle)

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None: ...

        def write(self, content: bytes) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(commands.os, "fdopen", Full)
    with pytest.raises(OSError, match="No space"):
        commands.write(path, b"after")
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]


def test_a_title_without_a_font_is_replaced_by_the_settings_with_a_notice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RACE, "--title", "\U00020000", "-o", str(tmp_path / "race.svg")]) == 0
    assert "no font" in capsys.readouterr().err and (tmp_path / "race.svg").exists()


def test_a_file_has_the_permissions_of_the_umask(tmp_path: Path) -> None:
    commands.write(tmp_path / "race.csv", b"x")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((tmp_path / "race.csv").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize(("what", "registry"), [("surfaces", SURFACES), ("optimizers", RULES)])
def test_a_list_contains_every_parameter_with_default_and_range(
    what: str, registry: dict[str, type], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", what, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == list(registry)
    for key, one in registry.items():
        specs = one.parameters()
        assert list(found[key]["parameters"]) == list(specs)
        assert all(found[key]["parameters"][n]["default"] == spec.default for n, spec in specs.items())
    assert main(["list", what]) == 0
    plain = capsys.readouterr().out
    assert all(key in plain for key in registry)


def test_a_list_says_what_runs_on_networks_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "optimizers", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [key for key, entry in found.items() if entry["networks_only"]] == list(LAYERED)
    assert main(["list", "optimizers"]) == 0
    assert "muon  Muon  (networks only)\n" in capsys.readouterr().out


def test_the_presets_of_both_pages_are_listed_with_their_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert not {*race_presets.PRESETS} & {*network_presets.PRESETS}, "one key would hide the other in JSON"
    assert main(["list", "presets", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == [*race_presets.PRESETS, *network_presets.PRESETS]
    for key, preset in race_presets.PRESETS.items():
        entry = found[key]
        assert entry["command"] == f"optiscope render --preset {key}"
        assert (entry["name"], entry["about"]) == (preset.name, preset.about)
    assert main(["list", "presets"]) == 0
    plain = capsys.readouterr().out
    assert "zigzag  Zigzag in a ravine  (optiscope render --preset zigzag)\n" in plain
    assert "edge  Edge of stability  (optiscope train --preset edge)\n" in plain


def test_views_are_listed_by_the_names_that_the_pages_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "network-views"]) == 0
    found = capsys.readouterr().out
    assert "outcome  Decision boundary or Confusion matrix or Predicted against true or Fitted curve\n" in found
    assert "accuracy  Accuracy\n" in found


def test_a_preset_is_rendered_and_single_settings_change_it(tmp_path: Path) -> None:
    assert main(["render", "--preset", "saddle", "-o", str(tmp_path / "one.json")]) == 0
    settings, notices = from_json((tmp_path / "one.json").read_bytes())
    assert settings == race_presets.preset("saddle") and notices == []
    assert main(["render", "--preset", "saddle", "--steps", "20", "-o", str(tmp_path / "two.json")]) == 0
    assert from_json((tmp_path / "two.json").read_bytes())[0] == dataclasses.replace(settings, steps=20)


def test_settings_of_the_other_page_name_the_command_that_reads_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    race, network = tmp_path / "race.json", tmp_path / "network.json"
    race.write_bytes(to_json(changes.first()))
    network.write_bytes(write_query("network", {"v": ["1"]}))
    assert main(["train", "--settings", str(race)]) == commands.BAD
    assert "race.json holds the settings of the Race page: use optiscope render." in capsys.readouterr().err
    assert main(["render", "--settings", str(network), "-o", str(tmp_path / "a.png")]) == commands.BAD
    assert "network.json holds the settings of the Network page: use optiscope train." in capsys.readouterr().err


def test_the_command_is_installed(tmp_path: Path) -> None:
    path = tmp_path / "race.gif"
    arguments = ["--size", "300x300", "--seconds", "1", "--rate", "10", "-o", str(path)]
    done = subprocess.run([sys.executable, "-m", "app", *RACE, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout == "", done.stderr
    with Image.open(path) as image:
        assert image.n_frames > 5  # type: ignore[attr-defined]


def test_a_gif_that_is_too_fast_for_browsers_is_slowed_with_a_notice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "race.gif"
    film = ["--size", "300x300", "--seconds", "0.5", "--hold", "0", "--rate", "60"]
    assert main([*RACE, *film, "-o", str(path)]) == 0
    assert capsys.readouterr().err.endswith(
        "a GIF has at most 50 frames per second, because browsers slow faster ones down.\n"
    )
    with Image.open(path) as image:
        assert image.n_frames <= 25  # type: ignore[attr-defined]


def test_train_runs_a_training_and_writes_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, arrays, page, picture = (tmp_path / f"run.{ending}" for ending in ("csv", "npz", "html", "png"))
    arguments = [
        "--source",
        "moons:noise=0.1",
        "--set",
        "widths=4",
        "--set",
        "steps=30",
        "--racer",
        "adam:learning_rate=0.05",
    ]
    outputs = [part for path in (table, arrays, page, picture) for part in ("-o", str(path))]
    assert main(["train", *arguments, *outputs, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert row["steps"] == 30 and row["title"] == "Adam"
    # float32 has at most nine digits
    assert all(len(repr(row[name])) <= 11 for name in ("loss", "validation_loss", "accuracy", "validation_accuracy"))
    assert table.read_text().splitlines()[-1].startswith("Adam,30,")
    assert np.load(arrays)["racer-0/weights"].shape[1] == row["weights"] == 2 * 4 + 4 + 4 * 2 + 2
    assert page.read_bytes().startswith(b"<!")
    with Image.open(picture) as image:
        assert image.size == (1280, 720)
    assert main(["train", *arguments]) == 0
    assert capsys.readouterr().out.startswith("Adam: loss ")


def test_train_reads_a_data_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "d.csv"
    path.write_text("a,b,kind\n" + "\n".join(f"{k},{k % 5},{'xy'[k % 2]}" for k in range(40)))
    arguments = [
        "--data",
        str(path),
        "--set",
        "steps=5",
        "--set",
        "widths=",
        "--racer",
        "sgd:learning_rate=0.1",
        "--json",
    ]
    assert main(["train", *arguments]) == 0
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert row["weights"] == 2 * 2 + 2
    (tmp_path / "d.csv").write_text("a,b\n1,2\n,4\n" + "5,6\n" * 20)
    assert main(["train", *arguments]) == commands.BAD
    assert "line 3" in capsys.readouterr().err


def _mnist(folder: Path) -> list[str]:
    """The options that name four small IDX files like those of MNIST: each class has its own bright column."""
    rng = np.random.default_rng(0)
    options = []
    for part, count in (("train", 600), ("t10k", 60)):
        labels = np.arange(count, dtype=np.uint8) % 3
        images = rng.integers(0, 60, (count, 4, 4), dtype=np.uint8)
        images[np.arange(count), :, labels] += 150
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            content = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()
            (folder / name).write_bytes(content)
            options += ["--data", str(folder / name)]
    return options


def test_the_exercise_trains_on_four_idx_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exercise = ["train", "--preset", "exercise", *_mnist(tmp_path)]
    assert main([*exercise, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["steps"] for row in found["results"]] == [47, 47]  # ten epochs of 600 samples in batches of 128
    assert [row["epoch"] for row in found["epochs"]] == list(range(11))
    for row in found["results"]:
        training, test = found["epochs"][-1]["results"][row["title"]]
        assert (training, test) == (row["accuracy"], row["validation_accuracy"]) and training == test == 1
        assert 0 <= found["epochs"][0]["results"][row["title"]][0] < 0.9
    files = [option for option in exercise if option.endswith("ubyte")]  # as a shell spells out *-ubyte
    assert main(["train", "--preset", "exercise", "--data", *files, "--set", "epochs=2"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["Epoch", "SGD,", "training", "SGD,", "test", "Adam,", "training", "Adam,", "test"]
    assert [line.split()[0] for line in lines] == ["0", "1", "2", "An", "SGD:", "Adam:"]
    assert " · test " in lines[-1]


def test_a_preset_takes_the_epochs_that_are_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--source", "moons", "--set", "widths=4", "--racer", "sgd:learning_rate=0.1", "--json"]
    assert main(["train", *arguments, "--set", "epochs=4", "--batch-size", "60"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert row["steps"] == 12 and row["samples"] == 4 * 180


BAD_TRAININGS = [
    (["--set", "epochs=0"], "epochs must be above 0"),
    (["--preset", "edges"], "Unknown preset 'edges'. Did you mean 'edge'?"),
    (["--source", "moon"], "Unknown data set 'moon'. Did you mean 'moons'? Choose from blobs, "),
    (["--set", "widths"], "NAME=VALUE"),
    (["--set", "widths=0"], "width of a hidden layer"),
    (["--set", "batch_size=9999"], "batch size"),
    (["--set", "speed=3"], "no setting called 'speed'"),
    (["--racer", "newton"], "whole Hessian"),
    (["--data", "missing.npz"], "cannot be read"),
    (["-o", "run.optax.py"], "file format is not available"),
    (["--part", "map"], "--part must be one of all, outcome, accuracy, loss"),
    (["--size", "9x9"], "between 200 and 4,096"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD_TRAININGS, ids=[said for _, said in BAD_TRAININGS])
def test_an_impossible_training_is_refused_with_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # the first training of a process sets the flags of XLA
    before = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    assert main(["train", *arguments]) == commands.BAD
    assert said in capsys.readouterr().err
    assert {name: os.environ.get(name) for name in before} == before
    assert "OPTISCOPE_DATA" not in os.environ  # the data file of one call is not known to the next
