"""Conformance checks for all components."""

from __future__ import annotations

import pickle

from pydantic import ValidationError

from leukokit.api import Params
from leukokit.testing._case import Case

_UNKNOWN = "a_parameter_that_no_component_has"


def params_are_documented(case: Case) -> None:
    """Every parameter has a description, which all documentation shows."""
    assert issubclass(case.cls.Params, Params), f"{case.name}.Params must derive from leukokit.api.Params"
    undocumented = [name for name, field in case.cls.Params.model_fields.items() if not field.description]
    assert not undocumented, f"{case.name}: parameters without a description: {', '.join(undocumented)}"
    assert case.cls.Params.model_json_schema()["type"] == "object"


def params_are_frozen(case: Case) -> None:
    """The parameters of a component cannot be changed after its creation."""
    params = case.make().params
    assert isinstance(params, case.cls.Params), f"{case.name}: params is not a {case.cls.Params.__name__}"
    for name in case.cls.Params.model_fields:
        try:
            setattr(params, name, getattr(params, name))
        except ValidationError:
            continue
        raise AssertionError(f"{case.name}: parameter {name} can be changed after the component was created")


def unknown_params_are_rejected(case: Case) -> None:
    """An unknown parameter is an error and is not ignored."""
    try:
        case.cls.create(**case.params, **{_UNKNOWN: 1})
    except ValidationError as error:
        assert _UNKNOWN in str(error), f"{case.name}: the error does not name the unknown parameter"
    else:
        raise AssertionError(f"{case.name}: an unknown parameter was accepted; extra must be 'forbid'")


def params_round_trip_through_json(case: Case) -> None:
    """Parameters are unchanged after writing to JSON and reading back, as ``resolved.json`` needs."""
    params = case.make().params
    restored = type(params).model_validate_json(params.model_dump_json())
    assert restored == params, f"{case.name}: JSON changes the parameters from {params} to {restored}"


def component_is_documented(case: Case) -> None:
    """The class has a docstring."""
    assert (case.cls.__dict__.get("__doc__") or "").strip(), f"{case.name} has no docstring"


def revision_is_a_positive_integer(case: Case) -> None:
    """The revision is an integer, 1 or more."""
    revision = case.cls.revision
    assert isinstance(revision, int) and revision >= 1, (
        f"{case.name}.revision is {revision!r}, expected 1, 2, ..."
    )


def fingerprint_is_stable(case: Case) -> None:
    """Two components with the same parameters have the same fingerprint."""
    first, second = case.make().fingerprint(), case.make().fingerprint()
    assert isinstance(first, str), f"{case.name}.fingerprint() returns {type(first).__name__}, expected str"
    assert first == second, f"{case.name}.fingerprint() differs between two components of the same parameters"


def component_is_picklable(case: Case) -> None:
    """A component can be sent to a worker process."""
    component = case.make()
    restored = pickle.loads(pickle.dumps(component))  # noqa: S301 - pickled in the same line
    assert type(restored) is case.cls
    assert restored.params == component.params, f"{case.name}: pickle changes the parameters"


CHECKS = (
    params_are_documented,
    params_are_frozen,
    unknown_params_are_rejected,
    params_round_trip_through_json,
    component_is_documented,
    revision_is_a_positive_integer,
    fingerprint_is_stable,
    component_is_picklable,
)
