"""Verbosity, handlers, progress bars and the environment, as in the real library."""

from __future__ import annotations

import io
import logging as python_logging
import os
import subprocess
import sys
import warnings

import eigenformers
import pytest
from eigenformers.utils import logging

ROOT = os.path.dirname(os.path.dirname(eigenformers.__file__))


@pytest.fixture(autouse=True)
def restore():
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    yield
    logging.set_verbosity(level)
    (logging.enable_progress_bar if bars else logging.disable_progress_bar)()
    logging.set_tqdm_hook(None)


@pytest.fixture
def stream():
    """What the default handler writes."""
    root = logging.get_logger()
    handler = next(handler for handler in root.handlers if type(handler) is python_logging.StreamHandler)
    before, replacement = handler.stream, io.StringIO()
    handler.setStream(replacement)
    yield replacement
    handler.setStream(before)


def test_levels(stream):
    logger = logging.get_logger("eigenformers.some.module")
    for set_level, level, shown in (
        (logging.set_verbosity_error, logging.ERROR, "e"),
        (logging.set_verbosity_warning, logging.WARNING, "we"),
        (logging.set_verbosity_info, logging.INFO, "iwe"),
        (logging.set_verbosity_debug, logging.DEBUG, "diwe"),
    ):
        set_level()
        assert logging.get_verbosity() == level
        stream.truncate(0)
        stream.seek(0)
        logger.debug("d"), logger.info("i"), logger.warning("w"), logger.error("e")
        assert stream.getvalue() == "".join(f"[eigenformers] {letter}\n" for letter in shown)
    assert logging.get_logger().name == "eigenformers"
    assert logging.get_log_levels_dict()["critical"] == logging.CRITICAL


def test_once_and_advice(stream, monkeypatch):
    logger = logging.get_logger("eigenformers.test_once")
    for _ in range(3):
        logger.warning_once("only once")
        logger.info_once("not shown")
    assert stream.getvalue().count("only once") == 1 and "not shown" not in stream.getvalue()
    logger.warning_advice("advice")
    monkeypatch.setenv("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    logger.warning_advice("advice")
    assert stream.getvalue().count("advice") == 1


def test_handlers(stream):
    logger, records = logging.get_logger("eigenformers.test_handlers"), []
    handler = python_logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())
    logging.add_handler(handler)
    logging.disable_default_handler()
    logger.warning("mine alone")
    logging.enable_default_handler()
    logging.remove_handler(handler)
    logger.warning("default alone")
    assert records == ["mine alone"] and stream.getvalue() == "[eigenformers] default alone\n"
    with pytest.raises(ValueError, match="not attached"):
        logging.remove_handler(handler)


def test_format(stream):
    logger, root = logging.get_logger("eigenformers.test_format"), logging.get_logger()
    before = [handler.formatter for handler in root.handlers]
    try:
        logging.enable_explicit_format()
        logger.warning("explicit")
        assert stream.getvalue().startswith("[WARNING|test_logging.py:") and " >> explicit" in stream.getvalue()
        logging.reset_format()
        logger.warning("plain")
        assert stream.getvalue().endswith("\nplain\n")
    finally:
        for handler, formatter in zip(root.handlers, before):
            handler.setFormatter(formatter)


def test_propagation(stream):
    seen, root = [], python_logging.getLogger()
    handler = python_logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())
    root.addHandler(handler)
    before = logging.get_logger().propagate
    try:
        logging.disable_propagation()
        logging.get_logger("eigenformers.test_propagation").warning("kept")
        logging.enable_propagation()
        logging.get_logger("eigenformers.test_propagation").warning("passed on")
    finally:
        root.removeHandler(handler)
        logging.get_logger().propagate = before
    assert seen == ["passed on"]


def test_capture_warnings(stream):
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            python_logging.captureWarnings(True)
            warnings.warn("a warning", stacklevel=1)
    finally:
        logging.captureWarnings(False)
    assert "UserWarning: a warning" in stream.getvalue()


def test_progress_bars(capsys):
    logging.enable_progress_bar()
    assert logging.is_progress_bar_enabled()
    assert list(logging.tqdm(range(3), disable=True)) == [0, 1, 2]
    logging.disable_progress_bar()
    bar = logging.tqdm(total=3)
    with bar:
        bar.update(1), bar.set_description("x")
    assert list(logging.tqdm([1, 2])) == [1, 2] and list(bar) == []
    assert not logging.is_progress_bar_enabled()
    assert capsys.readouterr().err == ""


def test_progress_bars_of_downloads():
    import huggingface_hub.utils as hub

    before = hub.are_progress_bars_disabled()
    logging.disable_progress_bar()
    assert hub.are_progress_bars_disabled()
    logging.enable_progress_bar()
    assert not hub.are_progress_bars_disabled()
    (hub.disable_progress_bars if before else hub.enable_progress_bars)()


def test_tqdm_hook():
    calls = []
    assert logging.set_tqdm_hook(lambda factory, args, kwargs: calls.append((args, kwargs)) or list(args[0])) is None
    assert logging.tqdm([1, 2], desc="d") == [1, 2]
    assert calls == [(([1, 2],), {"desc": "d"})]
    assert callable(logging.set_tqdm_hook(None))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("error", "40 []"), ("info", "20 []"), ("nothing", "30 ["), (None, "30 []"), ("detail", "10 []")],
)
def test_environment(value, expected):
    program = (
        "import logging; records = []; handler = logging.Handler();"
        "handler.emit = lambda r: records.append(r.getMessage());"
        "logging.getLogger().addHandler(handler);"
        "from eigenformers.utils import logging as ours; print(ours.get_verbosity(), records);"
        "ours.get_logger('eigenformers.x').critical('end')"
    )
    environment = {name: text for name, text in os.environ.items() if not name.startswith("TRANSFORMERS_")}
    environment.update(PYTHONPATH=ROOT, **({} if value is None else {"TRANSFORMERS_VERBOSITY": value}))
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(expected)
    if value == "nothing":
        assert "Unknown option TRANSFORMERS_VERBOSITY=nothing, has to be one of: detail, debug" in done.stdout
    detail = "CRITICAL [eigenformers.x:"
    assert done.stderr.startswith(detail if value == "detail" else "[eigenformers] end")


def test_disabled_bars_reach_the_hub_library_when_it_loads():
    program = (
        "from eigenformers.utils import logging; logging.disable_progress_bar(); import sys;"
        "assert 'huggingface_hub' not in sys.modules; from eigenformers import hub; hub.hub_api();"
        "import huggingface_hub.utils as u; assert u.are_progress_bars_disabled()"
    )
    subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": ROOT}, check=True, timeout=60)
