"""The Network page."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.common import racers
from app.common.cards import ON_CARD
from app.common.digits import short
from app.common.phrases import counted, sentence_case
from app.common.racers import Refused
from app.common.setting import without_looks
from app.network import captions, changes, export, files, link, presets, search
from app.network import results as network_results
from app.network import scene as board
from app.network.changes import SETTINGS
from app.network.files import Brought
from app.network.job import Job
from app.network.presets import PRESETS
from app.network.settings import ALL, FILE, REGULARIZATION, Setup, Training, read_batch
from app.network.views import VIEWS
from app.player import Event
from app.player.component import play
from app.views import controls, in_sight, reloads, sessions
from app.views import export as exporting
from app.views.parts import base, device, explain, masthead, progress, react, restore, results, schedule_of, write
from optimizers import RULES
from surfaces.network import DATASETS, INITIALIZATIONS, LOSSES, NORMS, REGULARIZERS, DataSet
from surfaces.network.files import LIMIT

PAGE = "training"
KEPT = ("job", "job-key", "leg", "brought", "looks", "tested", "tested-job")
"""What a reload of the page keeps, under the keys of the session's state."""
LIVE = 3.0
"""Seconds: what takes less trains again by itself when a slider moves."""


def show() -> None:
    """The whole page, top to bottom."""
    controls.enter(PAGE)
    reloads.take_up()
    restore(PAGE, lambda given: link.parse(given, _find))
    _bring_rest()
    _job()
    _toolbar()
    controls.refusal("data")
    with st.container(horizontal=True, key="data-row", vertical_alignment="center"):
        in_sight.show(controls.current(), _data(), _find)
    _stage()


def _session() -> dict[str, Brought]:
    """The files that this session has brought."""
    held: dict[str, Brought] = st.session_state.setdefault("brought", {})
    return held


def _brought() -> dict[str, Brought]:
    """All files at hand, by name: this session's, and those named when the app was started."""
    return {**files.named(), **_session()}


def _find(training: Training) -> DataSet:
    return files.find(training, _session())


def _data() -> DataSet:
    """The data of this session's training."""
    return _find(controls.current())


def _job() -> Job:
    """The job of the settings in hand: another one where they changed, with the runs that are still theirs."""
    training: Training = controls.current()
    shown = tuple(dataclasses.replace(r, hidden=False) for r in training.racers)
    key = without_looks(training, racers=shown, steps=1, endless=False)
    data = _data()
    there: Job | None = st.session_state.get("job")
    reloaded = st.session_state.pop("reloaded", False)
    if there is not None and st.session_state.get("job-key") == (key, id(data)) and there.follow(training):
        return there
    if there is not None:
        there.stop()
    if reloaded:  # another training than the one that was reloaded
        there = None
    job = _open(training, data, there)
    st.session_state["job-key"] = (key, id(data))
    if there is not None and there.begun and (_quick(there, job) or not job.training_now):
        job.begin(resume=False)
    return job


def _open(training: Training, data: DataSet, earlier: Job | None = None) -> Job:
    """A new job of this session, which ends with it."""
    job: Job = board.job_for(training, data, earlier)
    st.session_state["job"] = job
    sessions.end_with_session(job.stop)
    return job


def _quick(there: Job, job: Job) -> bool:
    """Whether a job differs from the one before by numbers alone, so that its programs are there, and takes seconds."""
    if changes.numbers_aside(there.training) != changes.numbers_aside(job.training):
        return False
    work = sum(job.steps for run in job.runs if not run.finished)
    return max(job.training.seconds(job.data), there.pace * work) <= LIVE


@st.fragment
def _stage() -> None:
    """Progress, player and results: they alone are drawn again while the networks train, when the player asks."""
    job, training = _job(), controls.hold()
    controls.held()["job"] = job
    _about_preset(training, job.data)
    # the scene first: what is read after it, it will ask for again if it may still change
    bar = st.empty()
    if "board" in st.session_state:
        if not job.begun and job.busy:  # many samples take seconds
            bar.html(_progress(job, "measuring the initial weights …"))
        scene = board.scene(training, job)
    else:  # a first visit may have to wait for programs to be compiled
        with st.spinner("Compiling the network …"):
            scene = board.scene(training, job)
    bar.html(_progress(job))
    scene = dataclasses.replace(scene, guide=export.guide(training, job.data))
    again = st.session_state.get("stale", False) or st.session_state["button"] != _button(job)
    play(scene, key="board", react=_react, refusal=controls.refused("board"), again=again)
    if not again and (explained := st.session_state.pop("explained", None)):
        explain(explained)
    elif not again:
        exporting.panel(_exports)
    _results(training, job)
    if "search" in training.views:
        _winner(training, job)
    write(link.query(training))
    reloads.keep(KEPT)
    if again:
        st.session_state["stale"] = False
        st.rerun()


def _about_preset(training: Training, data: DataSet) -> None:
    """What to look at in a preset, and what was changed since it began."""
    if not (key := training.preset):
        return
    with st.container(key="about-preset", horizontal=True, vertical_alignment="center", gap="small"):
        words = html.escape(presets.shown_by(training))
        changed = presets.changes(training, data)
        st.html(f"<div class='about'>{words} <i data-testid='changes'>{html.escape(changed)}</i></div>")
        if changed:
            st.button("Reset", type="tertiary", on_click=controls.commit, args=(lambda t: _preset(t, key), "data"))


def _react(event: Event) -> None:
    react(
        event,
        "board",
        {
            "suggest": lambda t: changes.suggest_rate(t, event.racer, _data()),
            "reset": lambda t: changes.reset_racer(t, event.racer, _data()),
            "add": lambda t: changes.add_racer(t, event.name, _data()),
            "duplicate": lambda t: changes.checked_whole(racers.duplicate_racer(t, event.racer), _data()),
            "view": lambda t: changes.set_view(t, event.slot, event.name),
            "option": lambda t: changes.change(t, changes.OPTIONS[t.views[event.slot]], event.name, _data()),
            "press": lambda t: changes.resize(t, event.name, _data()),
            "preset": lambda t: _preset(t, event.name),
        },
    )


def _progress(job: Job, words: str = "") -> str:
    """The one bar: the share of all steps of all racers that were taken, and how training stands."""
    share = job.progress if job.begun else 0.0
    return progress("Training", share, words or network_results.standing(job), device())


def _toolbar() -> None:
    training, job = controls.current(), _job()
    with st.container(horizontal=True, key="toolbar", vertical_alignment="center", gap="xsmall"):
        masthead("Network")
        # as wide as all its buttons, so that nothing moves when one comes or goes
        with st.container(horizontal=True, key="train-box", width=204, gap="xsmall"):
            _train(job)
        with st.container(width=186):
            _choose(training)
        with st.popover("Data", key="data-popover", width="content"):
            _about_data(training)
        widths = captions.spelled_widths(training.model(None, job.data).widths)
        with st.popover(f"Model {widths}", key="model-popover", width="content"):
            _about_model(training)
        loss = sentence_case(LOSSES[training.of(None, "objective")].name)
        with st.popover(loss, key="loss-popover", width="content"):
            _about_loss(training)
        with st.popover(f"{training.steps:,} steps", key="run-popover", width="content"):
            _about_training(training, job)


def _exports() -> exporting.Page:
    """What the Export panel needs of this training; it is asked when a file is, so that nothing waits for it."""
    held, brought = controls.held(), dict(_brought())

    def find(training: Training) -> DataSet:
        return files.find(training, brought)

    def opened(content: bytes) -> tuple[Training, list[str]]:
        return link.parse(export.query_of(content), find)

    said = "CSV: the measurements of every racer at the recorded steps. NPZ: the weights, and the loss of every batch."
    training: Training = controls.current()
    name = export.file_name(training)
    parts = {"all": "Everything", **{key: f"{VIEWS[key].name(_data())} only" for key in training.views}}
    more: Any = {"tables": ("csv", "npz"), "scripts": ("py",), "holds": said}
    return exporting.Page(
        export, lambda: (held[PAGE], held["job"]), name, opened, base(), training.steps, parts, **more
    )


def _button(job: Job) -> str:
    """Which buttons the toolbar has now."""
    if job.begun and job.training_now:
        return "stop"
    return "on" if job.begun else "train"


def _train(job: Job) -> None:
    button = st.session_state["button"] = _button(job)
    if button == "stop":
        st.button("Stop", key="stop", type="primary", on_click=_stop)
    else:
        helped = (
            None
            if button == "train"
            else "Continue from here."
            if job.stopped
            else f"Continue for {_leg(job):,} more steps."
        )
        st.button("Train", key="train", type="primary", on_click=_begin, help=helped)
    still = button == "stop"
    st.button("Step", key="step", on_click=_step, disabled=still, help="Train every racer for one more step.")
    if job.begun:
        words = "Reset all racers to their initial weights."
        st.button("Restart", key="restart", on_click=_restart, disabled=still, help=words)


def _leg(job: Job) -> int:
    """How many steps a finished training goes on for: as many as it began with."""
    leg: int = st.session_state.setdefault("leg", job.training.steps)
    return leg


def _begin() -> None:
    """Train what is set now, which may have changed since the button was drawn. What was stopped goes on; what is
    finished goes on for as many steps again; what diverged or failed is trained anew.
    """
    job = _job()
    if any(run.error for run in job.runs) or (job.runs and all(run.diverged >= 0 for run in job.runs)):
        job = _open(controls.current(), _data(), job if any(run.error for run in job.runs) else None)
    elif not job.begun:
        st.session_state["leg"] = controls.current().steps
    elif not job.training_now and not job.stopped:
        controls.commit(lambda training: racers.set_steps(training, training.steps + _leg(job)), "training-steps")
        job = _job()
    job.begin()


def _step() -> None:
    """Train every racer for one step more, beyond the last one of the settings if need be."""
    job = _job()
    steps = controls.current().steps
    if not job.training.endless and job.begun and not job.stopped and not job.training_now:
        controls.commit(lambda training: racers.set_steps(training, steps + 1), "training-steps")
        job = _job()
    job.begin(1)


def _restart() -> None:
    _job().stop()
    _open(controls.current(), _data())


def _stop() -> None:
    _job().stop()


def _choose(training: Training) -> None:
    """Presets, sources and files in one list."""
    options = [f"preset:{key}" for key in PRESETS]
    options += [f"data:{key}" for key in DATASETS]
    options += [f"file:{name}" for name in _brought()]
    here = (
        f"preset:{training.preset}"
        if training.preset
        else f"file:{training.file}"
        if training.data.key == FILE
        else f"data:{training.data.key}"
    )

    def name(option: str) -> str:
        kind, _, key = option.partition(":")
        return {
            "preset": lambda: f"{PRESETS[key].name} · preset",
            "data": lambda: f"{DATASETS[key].name} · data",
            "file": lambda: f"{key} · file",
        }[kind]()

    controls.choice("Data or preset", options, here, "data", _chosen, names=name, visible=False, explained=False)


def _chosen(training: Training, option: str) -> Training:
    kind, _, key = option.partition(":")
    if kind == "data":
        return changes.choose_data(training, key)
    if kind == "file":
        one = _brought()[key]
        asked = changes.of_file(training, key, one.target)
        return changes.choose_file(training, key, one.read(asked), one.target)
    return _preset(training, key)


def _preset(training: Training, key: str) -> Training:
    """A preset; one that is meant for samples of a file has those of the latest upload, if there is one."""
    if PRESETS[key].own_samples:
        at_hand = [name for name, one in _brought().items() if not one.columns]
        if training.data.key == FILE or at_hand:
            return presets.of_file(key, _brought()[training.file if training.data.key == FILE else at_hand[-1]])
    return presets.preset(key)


def _about_data(training: Training) -> None:
    data = _data()
    if training.data.key != FILE:
        source = DATASETS[training.data.key]
        st.markdown(source.about)
        controls.parameters(source.parameters(), training.data, "data", changes.set_data)
    elif columns := _brought()[training.file].columns:
        controls.choice(
            "Target column",
            list(columns),
            training.target or _brought()[training.file].target,
            f"target-{training.file}",
            lambda t, v: changes.choose_file(t, t.file, _find(dataclasses.replace(t, target=v)), v),
        )
    st.markdown(_sizes(data))
    controls.setting(SETTINGS["standardised"], training.standardised, _standardise)
    st.file_uploader(
        "Upload an .npz file, a .csv file, or two or four IDX files (images and labels) at once",
        accept_multiple_files=True,
        key="uploader",
        on_change=_bring,
        help="Files are used in this session only, and the app downloads nothing.",
    )
    st.caption(f"A file may have {LIMIT}.")
    controls.refusal("uploader")
    if training.data.key != FILE:
        st.caption(DATASETS[training.data.key].source)


def _sizes(data: DataSet) -> str:
    """How many samples, inputs and outputs there are."""
    parts = {"training": data.train, "validation": data.validation, "test": data.test}
    if data.held_out == "test":
        del parts["validation"]
    *some, last = (f"{len(part):,} {name}" for name, part in parts.items())
    return f"{', '.join(some)} and {last} samples; {data.inputs:,} inputs, {data.outputs:,} outputs."


def _standardise(training: Training, value: bool) -> Training:
    changed = dataclasses.replace(training, standardised=SETTINGS["standardised"].read(value))
    return changes.checked_whole(changed, _find(changed))


def _bring() -> None:
    """What was uploaded becomes the data; what is wrong with it stands beside the uploader."""

    seen: set[str] = st.session_state.setdefault("seen-files", set())
    listed = st.session_state.get("uploader") or []

    def apply(training: Training) -> Training:
        given = _new_files(listed, seen)
        if not given:
            return training
        st.toast(f"Reading {counted(len(given), 'file')} …", duration="long")
        one = files.bring(given)
        if training.preset and PRESETS[training.preset].own_samples:
            changed = presets.of_file(training.preset, one)
        else:
            asked = changes.of_file(training, one.name, one.target)
            changed = changes.choose_file(training, one.name, one.read(asked), one.target)
        _session()[one.name] = one
        st.session_state.get("refusals", {}).pop("data", None)
        return changed

    controls.commit(apply, "uploader")
    # Not before: if the user does something else meanwhile, Streamlit breaks off here, and the next run reads on.
    seen.update(file.file_id for file in listed)


def _bring_rest() -> None:
    """Read uploaded files whose reading was broken off."""
    seen = st.session_state.get("seen-files", set())
    if any(file.file_id not in seen for file in st.session_state.get("uploader") or []):
        _bring()


def _new_files(listed: Sequence[Any], seen: set[str]) -> list[tuple[str, bytes]]:
    """What was added to the uploader, where earlier files stay listed. IDX files wait for those that belong to them."""
    new = [(file.name, file.getvalue()) for file in listed if file.file_id not in seen]
    parts = [(file.name, file.getvalue()) for file in listed if files.is_idx(file.name, file.getvalue())]
    if not new or not all(file in parts for file in new):
        return new
    if files.is_whole(parts[-4:]):
        return parts[-4:]
    if len(new) > 1:
        return new
    if len(parts) == 1:
        raise Refused(f"{new[0][0]} is one of two IDX files, images or labels. Upload the other one as well.")
    if len(parts) == 3 and {files.role(name) for name, _ in parts} == set(files.PARTS):
        raise Refused(f"{new[0][0]} is one of four IDX files. Upload the one that is missing as well.")
    return parts[-2:]


def _about_model(training: Training) -> None:
    _setting(training, "widths")
    _setup(training, "activation")
    _setup(training, "initialization")
    scheme = INITIALIZATIONS[training.of(None, "initialization")]
    st.latex(rf"W \sim {scheme.formula}" if scheme.variance else rf"W = {scheme.formula}")
    if training.of(None, "initialization") in ("normal", "constant"):
        _setup(training, "sigma")
    if scheme.source:
        st.caption(scheme.source)
    _setup(training, "norm")
    if (norm := training.of(None, "norm")) in NORMS:
        if norm == "group":
            _setup(training, "groups")
        st.caption(f"{NORMS[norm].name.capitalize()}: mean and variance {NORMS[norm].about}. {NORMS[norm].source}.")
    model = training.model(None, _data())
    st.markdown(f"{model.size:,} weights. {captions.memory(training, _data())}")


def _setting(training: Training, name: str) -> None:
    """The widget of a declared setting."""
    read = _typed if name == "batch_size" else str
    controls.setting(
        SETTINGS[name],
        getattr(training, name),
        lambda t, v: changes.change(t, name, read(v), _data()),
        f"training-{name}",
    )


def _setup(training: Training, name: str) -> None:
    spec = Setup.parameters()[name]
    controls.parameter(
        spec, training.of(None, name), f"setup-{name}", lambda t, v: changes.set_setup(t, name, v, _data())
    )


def _about_loss(training: Training) -> None:
    loss, regularization = st.tabs(["Loss", "Regularization"])
    with loss:
        _setup(training, "objective")
        st.latex(LOSSES[training.of(None, "objective")].formula)
    with regularization:
        st.caption(
            "Strengths for all racers; 0 switches a regularizer off. Under Racers, each racer can have its own "
            "strengths, so that a race compares training with and without a regularizer. The panels show loss and "
            "accuracy with the random parts switched off."
        )
        for name in REGULARIZATION:
            _setup(training, name)
            if name in REGULARIZERS and training.of(None, name):
                st.latex(REGULARIZERS[name].formula)
                st.caption(f"{REGULARIZERS[name].about} {REGULARIZERS[name].source}.")
            elif name == "l2":
                st.caption(
                    "The L2 penalty is part of the loss, so an adaptive rule divides its gradient by √v like that of "
                    "the rest. AdamW's weight decay is not divided by √v. The preset “L2 or weight decay” compares the "
                    "two."
                )


def _about_training(training: Training, job: Job) -> None:
    run, schedule, each = st.tabs(["Run", "Schedule", "Racers"])
    with run:
        for spec in SETTINGS.values():
            if spec.tab == "Run":
                _setting(training, spec.name)
            if spec.name == "steps":
                _epochs(training, job.data)
        st.caption(captions.memory(training, job.data))
    with schedule:
        schedule_of(training, "training-schedule")
    with each:
        _racers(training)


def _epochs(training: Training, data: DataSet) -> None:
    """The number of steps as passes through the samples."""
    each = training.epoch(data)
    controls.field(
        "Epochs",
        short(training.steps / each, 4),
        "epochs",
        lambda t, v: changes.set_epochs(t, v, _data()),
        f"Passes through all {len(data.train):,} training samples. One epoch takes {short(each, 4)} steps at "
        "this batch size; a racer with its own batch size takes the same number of steps, so it trains for more or "
        "fewer epochs.",
    )


def _racers(training: Training) -> None:
    """What a racer has for itself, one racer at a time: a page of all would be long."""
    if not training.racers:
        st.caption("No optimizers yet: add one.")
        return
    names = dict(zip((r.id for r in training.racers), captions.titles(training), strict=True))
    id = st.selectbox("Racer", list(names), format_func=lambda k: names.get(k, k), key="own-racer")
    racer = racers.find(training, id) if id in names else training.racers[0]
    rule = RULES[racer.rule.key]
    rest = {name: spec for name, spec in rule.parameters().items() if name not in ON_CARD}
    controls.parameters(rest, racer.rule, f"own-{racer.id}", lambda t, name, v: racers.set_racer(t, racer.id, name, v))
    st.caption("Settings for this racer only. By default, racers use those under Model, Loss and Run.")
    own = dict(racer.own)

    def put(t: Training, name: str, value: Any) -> Training:
        return changes.checked_whole(changes.set_racer(t, racer.id, name, value), _data())

    for name in ("objective", "activation", "initialization", "norm"):
        spec = Setup.parameters()[name]
        controls.choice(
            spec.title,
            ["", *spec.choices],
            str(own.get(name, "")),
            f"own-{racer.id}-{name}",
            lambda t, v, name=name: put(t, name, v),  # type: ignore[misc]
            names=lambda v, spec=spec: spec.label(v) if v else "same as the others",  # type: ignore[misc]
        )

    def typed(name: str, label: str) -> None:
        value = own.get(name, "")
        spelled = "all" if name == "batch_size" and value == 0 else str(value)
        controls.field(
            f"{label} (empty: same as the others)",
            spelled,
            f"own-{racer.id}-{name}",
            lambda t, v: put(t, name, _typed(v) if name == "batch_size" else v.strip()),
        )

    typed("sigma", "Standard deviation of N(0, σ²), or the constant (σ)")
    typed("groups", Setup.parameters()["groups"].labelled)
    typed("batch_size", "Batch size")
    typed("widths", "Hidden layers")
    with st.expander("Regularization", expanded=any(name in own for name in REGULARIZATION)):
        for name in REGULARIZATION:
            typed(name, Setup.parameters()[name].labelled)


def _typed(batch_size: str) -> str:
    """The batch size in a field, without spaces around it.

    Raises:
        Refused: on a zero in any spelling, which in a link means all samples.
    """
    word = batch_size.strip()
    if word and word.lower() not in ALL and read_batch(word) == 0:
        raise Refused(f"The batch size must be a whole number of at least 1, or all; got {word}.")
    return word


def _results(training: Training, job: Job) -> None:
    """The table of results, and the test set, which is used once."""
    rows = network_results.table(training, job)
    tested: dict[str, network_results.Tested] = {}
    if st.session_state.get("tested-job") is job:
        tested = st.session_state["tested"]
    heads = network_results.heads(job.data) + (network_results.test_heads(job.data) if tested else [])
    lines = []
    for row in rows:
        cells = network_results.cells(row, job.data)
        if row.racer in tested:
            cells += network_results.test_cells(tested[row.racer], job.data)
        lines.append(cells)
    st.html(results(heads, lines))
    if training.counts_epochs and (by_epoch := network_results.epoch_cells(training, job)):
        st.html(results(network_results.epoch_heads(training, job), by_epoch, name="epochs"))
        if note := network_results.epoch_note(training, job):
            st.caption(note)
    if not job.begun or job.training_now:
        return
    looks: dict[tuple[racers.Choice, str], int] = st.session_state.setdefault("looks", {})
    with st.container(horizontal=True, vertical_alignment="center"):
        if not tested and job.data.held_out == "validation":
            st.button("Evaluate on the test set, once", key="test-set", on_click=_test, args=(training, job))
        said = "Use the validation samples to choose between runs, and keep the test samples for the end."
        count = looks.get(_samples(training), 0)
        if count:
            said = f"The test samples of these data have been used {counted(count, 'time')} in this session. "
            said += "Whatever is chosen from now on is no longer independent of them."
        if job.data.held_out == "test":
            said = "These data have only training and test samples, so the test samples are measured throughout the "
            said += "training. To choose between runs, hold out some training samples: see Training samples above."
        st.caption(said)


def _winner(training: Training, job: Job) -> None:
    """The best setting of a search: a button that uses it, and the test samples, which are used once."""
    found = search.outcome(training, job)
    if isinstance(found, str) or found.best is None:
        return
    winners = st.session_state.setdefault("winners", {})
    key = (_samples(training), found.trials, found.best)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Use the best setting", key="use-best", on_click=_use_best, args=(training, job))
        if key in winners:
            loss, accuracy = winners[key]
            words = f"accuracy {network_results.share(accuracy)}, " if job.data.task == "classes" else ""
            st.caption(
                f"The best setting on the test samples, after training on all others: {words}loss "
                f"{network_results.finite(loss)}."
            )
        else:
            st.button("Test the best setting, once", key="test-best", on_click=_test_best, args=(training, job, key))


def _use_best(training: Training, job: Job) -> None:
    values = search.best(training, job)
    controls.commit(lambda t: changes.set_values(t, *values), "use-best")


def _test_best(training: Training, job: Job, key: Any) -> None:
    st.session_state["winners"][key] = search.test(training, job)
    _count_test(training)


def _samples(training: Training) -> tuple[racers.Choice, str]:
    """The key under which the uses of the test samples are counted: equal for equal samples, standardised or not."""
    return training.data, training.file


def _test(training: Training, job: Job) -> None:
    st.session_state["tested"], st.session_state["tested-job"] = network_results.tested(job), job
    _count_test(training)


def _count_test(training: Training) -> None:
    looks = st.session_state.setdefault("looks", {})
    looks[_samples(training)] = looks.get(_samples(training), 0) + 1
