"""A command line: options, a verb, and what the verb takes."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, cast

from orchestrator._version import __version__
from orchestrator.cli.verbs import GROUPS, verbs
from orchestrator.errors import RequestError
from orchestrator.formats import spelling

if TYPE_CHECKING:
    from collections.abc import Sequence

_EVERYWHERE = ("--data-dir", "--color", "-Q", "--quiet", "-v", "--verbose", "--version")
"""Options that may stand before the verb."""

_WITH_VALUE = ("--data-dir", "--color")
"""Those of them behind which their value stands."""

_WISHES: dict[type, str] = {int: "a whole number", float: "a number"}
"""What a text of each type should have been."""

_OVERVIEW = """\
rescal-sweep: parameter sweeps of ReSCAL-snow, on Slurm or on this machine

{verbs}

Examples
  rescal-sweep plan sweeps/quickstart.yaml
  rescal-sweep submit sweeps/quickstart.yaml -p pdebug --wait

"rescal-sweep help VERB" has the options and examples of a verb.
Options such as --data-dir may stand before or behind the verb; --version tells versions."""

_ENDING = """\
{examples}
Exit codes: 0 done; 1 some experiments ended badly; 2 the request was wrong; 130 interrupted.
"""


def parser(verb: str) -> _Parser:
    """Build the parser of what stands behind a verb."""
    from orchestrator.cli import arguments  # noqa: PLC0415  # the overview needs none of it

    module = import_module(f"orchestrator.cli.verbs.{verb}")
    examples = "".join(f"  rescal-sweep {verb} {words}\n" for words in module.EXAMPLES)
    parser_of_verb = _Parser(
        prog=f"rescal-sweep {verb}",
        description=module.__doc__,
        epilog=_ENDING.format(examples=f"examples:\n{examples}"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(parser_of_verb)
    arguments.add_everywhere(parser_of_verb)
    parser_of_verb.set_defaults(perform=module.perform)
    return parser_of_verb


def read(words: Sequence[str]) -> argparse.Namespace:
    """Read a command line: a verb, options before it and behind it, and what it takes.

    Raises
    ------
    RequestError
        If there is no such verb, or it takes something else.
    """
    if "_ARGCOMPLETE" in os.environ:
        from orchestrator.cli import completion  # noqa: PLC0415  # for shells alone

        completion.complete()
    leading, verb, rest = _parted(words)
    if verb == "help":
        named = [word for word in rest if word != "help"]
        verb, rest = (named[0], ["--help"]) if named else (None, [])
    if "--version" in leading:
        return argparse.Namespace(perform=_show_version)
    if verb is None:
        return argparse.Namespace(perform=_show_overview)
    if verb not in verbs():
        hint = spelling.did_you_mean(verb, [*verbs(), "help"])
        if verb.endswith((".yaml", ".yml")):
            hint = f"; did you mean: rescal-sweep plan {verb}"
        raise RequestError(f'no verb {verb!r}{hint}; "rescal-sweep help" lists them')
    return parser(verb).read([*leading, *rest])


class _Parser(argparse.ArgumentParser):
    """A parser whose mistakes are sentences like all others, with what may be meant."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found, without the lines of usage."""
        subject, _, sentence = message.removeprefix("argument ").partition(": ")
        if subject == "the following arguments are required":
            raise RequestError(f"{self.prog}: expected {self._missing(sentence.split(', '))}")
        if subject == "unrecognized arguments":
            is_option = sentence.startswith("-")
            what = "no such option" if is_option else "nothing more is expected"
            subject, sentence = sentence, what
        raise RequestError(f"{self.prog}: {subject}: {sentence}; {self._help}")

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Read what stands behind the verb, in any order.

        Raises
        ------
        RequestError
            If it is not what the verb takes.
        """
        for word in words:
            option = word.partition("=")[0]
            if option == "--":
                break
            if option.startswith("--") and " " not in option and not self._is_known(option):
                hint = self._meant(option)
                raise RequestError(f"{self.prog}: {option}: no such option{hint}; {self._help}")
        return self.parse_intermixed_args(words)

    @property
    def _help(self) -> str:
        return f'"rescal-sweep help {self.prog.rpartition(" ")[2]}" shows what it takes'

    def _missing(self, names: Sequence[str]) -> str:
        """Name what is missing, without what may be left out, and an example."""
        optional = {str(a.metavar) for a in self._actions if a.nargs in ("*", "?")}
        needed = " and ".join(name for name in names if name not in optional)
        example = (self.epilog or "").partition("\n")[2].partition("\n")[0].strip()
        return f"{needed}, such as: {example}"

    def _is_known(self, option: str) -> bool:
        """Return whether this is an option, or how one begins."""
        return any(o.startswith(option) for a in self._actions for o in a.option_strings)

    def _meant(self, option: str) -> str:
        """Return which option may be meant, or which key of the sweep file."""
        word = option.removeprefix("--")
        if self._is_known("--set"):
            from orchestrator.sweepfile import fields  # noqa: PLC0415  # for mistakes alone

            sections = {"run": fields.RUN, "outputs": fields.OUTPUTS, "slurm": fields.SLURM}
            for section, keys in sections.items():
                if word in keys:
                    return f"; did you mean --set {section}.{word}=VALUE?"
        options = (o for a in self._actions for o in a.option_strings if o.startswith("--"))
        meant = spelling.closest(word, [known.removeprefix("--") for known in options])
        return "" if meant is None else f"; did you mean --{meant}?"

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            wish = _WISHES.get(cast("type", action.type))
            if wish is None:
                raise
            raise argparse.ArgumentError(
                action, f"expected {wish}, got {arg_string}"
            ) from error

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            hint = spelling.did_you_mean(str(value), known)
            wish = f"expected one of {', '.join(known)}, got {value}{hint}"
            raise argparse.ArgumentError(action, wish)


def _parted(words: Sequence[str]) -> tuple[list[str], str | None, list[str]]:
    """Part words into the options before the verb, the verb, and what stands behind it."""
    leading: list[str] = []
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in {"-h", "--help"}:
            return leading, None, []
        if option.partition("=")[0] not in _EVERYWHERE:
            raise RequestError(
                f'{option}: no option that may stand before the verb; "rescal-sweep help" lists verbs'
            )
        leading.append(option)
        if option in _WITH_VALUE:
            if not rest:
                raise RequestError(f"{option}: its value is missing")
            leading.append(rest.pop(0))
    return leading, rest[0] if rest else None, rest[1:]


def _show_overview(_options: argparse.Namespace) -> int:
    width = max(map(len, verbs()))
    verbs_of_group = (
        "\n".join([title, *(f"  {verb:{width}}  {summary}" for verb, summary in group.items())])
        for title, group in GROUPS.items()
    )
    print(_OVERVIEW.format(verbs="\n\n".join(verbs_of_group)))
    return 0


def _show_version(_options: argparse.Namespace) -> int:
    import platform  # noqa: PLC0415  # for this alone

    from orchestrator.runner import simulator  # noqa: PLC0415  # for this alone
    from orchestrator.settings import engine_root  # noqa: PLC0415  # as above

    print(f"rescal-sweep {__version__}")
    print(f"Python {platform.python_version()} on {platform.platform()}")
    try:
        engine = simulator.find(engine_root())
    except RequestError as error:
        print(f"engine: {error}")
    else:
        print(f"engine: {engine.name} {engine.version}".rstrip())
    return 0
