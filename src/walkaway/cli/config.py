"""What a person can set: flags, then environment, then `walkaway.toml`, then defaults.

`SETTINGS` is the whole list; ``docs/configuration.md`` has a row for each, and
a test says so. The file is looked for only where the person pointed
(``--config``, ``WALKAWAY_CONFIG``) or in their own configuration directory,
never in the working directory: it can name a checkpoint, and a checkpoint is
believed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import platformdirs

from walkaway.cli.config_file import ConfigFile, read_config_file
from walkaway.cli.setting import PREFIX, Setting
from walkaway.cli.setting_values import (
    SERVICES,
    no_mirrors,
    read_address,
    read_addresses,
    read_checkpoint,
    read_count,
    read_directory,
    read_dnslinks,
    read_file,
    read_flag,
    read_hold,
    read_holds,
    read_hosts,
    read_megabytes,
    read_mirrors,
    read_network,
    read_origins,
    read_port,
    read_seconds,
    read_services,
)
from walkaway.errors import ConfigError
from walkaway.limits import LIMITS
from walkaway.sizes import MEGABYTE
from walkaway.sources.defaults import (
    ListedSource,
    arweave_sources,
    content_sources,
    default_sources,
    dns_sources,
    with_one_spelling,
)

__all__ = [
    "CONFIG_VARIABLE",
    "GATEWAY_PORT",
    "PORT",
    "SETTINGS",
    "Setting",
    "Settings",
    "load_settings",
]

CONFIG_VARIABLE = "WALKAWAY_CONFIG"
"""The environment variable that names the configuration file."""

DEFAULT = "default"
"""Where a value came from that nobody set."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is set. ``came_from`` says for each key who set it.

    ``checkpoint`` is a 32-byte beacon block root. ``sources`` are the defaults
    of the network and of content, and the person's own; ``submit`` the names of those
    that are given transactions.
    """

    network: str
    checkpoint: bytes | None
    checkpoint_operators: int
    host: str
    port: int
    serve: tuple[str, ...]
    gateway_port: int
    subdomain_hosts: tuple[str, ...]
    denylist: Path | None
    dnslinks: tuple[str, ...]
    mirrors: tuple[tuple[str, str], ...]
    hold: float
    holds: tuple[str, ...]
    ens: bool
    ens_gateways: bool
    unsigned_dns: tuple[str, ...]
    arns_operators: int
    proxied_names: tuple[str, ...]
    allowed_hosts: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    state_directory: Path
    cache_megabytes: int
    store_directory: Path | None
    store_megabytes: int
    head_age_seconds: float
    default_sources: bool
    guard_exceptions: tuple[str, ...]
    offchain_lookups: bool
    sources: tuple[ListedSource, ...]
    private_submit: bool
    came_from: Mapping[str, str]

    @property
    def store_folder(self) -> Path:
        """Where content is kept: within the state directory, where nothing else is set."""
        return self.store_directory or self.state_directory / "store"

    @property
    def submit(self) -> tuple[str, ...]:
        """The names of the sources that transactions are sent to."""
        return tuple(source.name for source in self.sources if "submit" in source.kinds)


def _no_checkpoint() -> bytes | None:
    return None


def _given_checkpoint(written: object) -> bytes | None:
    return read_checkpoint(written)


def _no_directory() -> Path | None:
    return None


def _given_directory(written: object) -> Path | None:
    return read_directory(written)


def _given_file(written: object) -> Path | None:
    return read_file(written)


def _nothing() -> tuple[str, ...]:
    return ()


NETWORK = Setting("network", "which chain is followed", read_network, lambda: "mainnet")
CHECKPOINT = Setting(
    "checkpoint", "the beacon block root to begin from", _given_checkpoint, _no_checkpoint
)
CHECKPOINT_OPERATORS = Setting(
    "checkpoint_operators",
    "how many distinct operators must agree on a checkpoint where none is given or kept",
    read_count,
    lambda: 2,
)
HOST = Setting(
    "host",
    "the address to listen on; `localhost` is 127.0.0.1 and ::1",
    read_address,
    lambda: "localhost",
)
PORT = Setting("port", "the port to listen on", read_port, lambda: 8545)
SERVE = Setting(
    "serve", "what `walkaway up` serves: `rpc`, `gateway`", read_services, lambda: SERVICES
)
GATEWAY_PORT = Setting(
    "gateway_port", "the port that the gateway listens on", read_port, lambda: 8080
)
SUBDOMAIN_HOSTS = Setting(
    "subdomain_hosts",
    "hosts below which each content root has a host of its own",
    read_hosts,
    lambda: ("localhost",),
)
DENYLIST = Setting(
    "denylist", "a file of content that the gateway does not serve", _given_file, _no_directory
)
DNSLINKS = Setting(
    "dnslinks", "names of your own, and the content that each leads to", read_dnslinks, _nothing
)
MIRRORS = Setting(
    "mirrors", "where else a release stands, by its address", read_mirrors, no_mirrors
)
HOLD = Setting(
    "hold", "how long a name that changed is served as it was before", read_hold, lambda: 0.0
)
HOLDS = Setting("holds", "names for which that is another time: `app.eth=7d`", read_holds, _nothing)
ENS = Setting(
    "ens",
    "whether names of ENS are resolved, for which the gateway follows the chain",
    read_flag,
    lambda: True,
)
ENS_GATEWAYS = Setting(
    "ens_gateways",
    "whether the gateways are asked that names of ENS keep their records with (EIP-3668)",
    read_flag,
    lambda: True,
)
UNSIGNED_DNS = Setting(
    "unsigned_dns",
    "DNS names that resolve by the word of resolvers, where nobody signs them",
    read_hosts,
    _nothing,
)
ARNS_OPERATORS = Setting(
    "arns_operators",
    "how many distinct operators must agree where a name of ArNS leads",
    read_count,
    lambda: 2,
)
PROXIED_NAMES = Setting(
    "proxied_names",
    "DNS names, besides those of ENS, that the proxy file has browsers open here",
    read_hosts,
    _nothing,
)
ALLOWED_HOSTS = Setting(
    "allowed_hosts", "further names that may stand in the Host header", read_hosts, _nothing
)
ALLOWED_ORIGINS = Setting(
    "allowed_origins",
    "web origins whose pages may use the endpoint, besides those of localhost",
    read_origins,
    _nothing,
)
STATE_DIRECTORY = Setting(
    "state_directory",
    "where the light client's state, proven depth, the cache and the evidence of lies are kept",
    read_directory,
    lambda: platformdirs.user_data_path("walkaway"),
    "WALKAWAY_HOME",
)
CACHE_MEGABYTES = Setting(
    "cache_megabytes",
    "how much of what was fetched is kept on disk, to be proven again when it is needed",
    read_megabytes,
    lambda: LIMITS.disk_cache_bytes // MEGABYTE,
)
STORE_DIRECTORY = Setting(
    "store_directory",
    "where content is kept; `store` in the state directory where nothing is set",
    _given_directory,
    _no_directory,
)
STORE_MEGABYTES = Setting(
    "store_megabytes",
    "how much content is kept; what is pinned stays, whatever this says",
    read_megabytes,
    lambda: LIMITS.store_bytes // MEGABYTE,
)
HEAD_AGE_SECONDS = Setting(
    "head_age_seconds",
    "how old the proven head may be before `latest` is refused",
    read_seconds,
    lambda: LIMITS.head_age_seconds,
)
DEFAULT_SOURCES = Setting(
    "default_sources",
    "whether the sources that come with walkaway are asked besides your own",
    read_flag,
    lambda: True,
)
GUARD_EXCEPTIONS = Setting(
    "guard_exceptions",
    "private addresses that may be reached although an outsider named them",
    read_addresses,
    _nothing,
)
OFFCHAIN_LOOKUPS = Setting(
    "offchain_lookups",
    "whether `eth_call` asks the gateways that a contract names (EIP-3668)",
    read_flag,
    lambda: False,
)

SETTINGS = (
    NETWORK,
    CHECKPOINT,
    CHECKPOINT_OPERATORS,
    HOST,
    PORT,
    SERVE,
    GATEWAY_PORT,
    SUBDOMAIN_HOSTS,
    DENYLIST,
    DNSLINKS,
    MIRRORS,
    HOLD,
    HOLDS,
    ENS,
    ENS_GATEWAYS,
    UNSIGNED_DNS,
    ARNS_OPERATORS,
    PROXIED_NAMES,
    ALLOWED_HOSTS,
    ALLOWED_ORIGINS,
    STATE_DIRECTORY,
    CACHE_MEGABYTES,
    STORE_DIRECTORY,
    STORE_MEGABYTES,
    HEAD_AGE_SECONDS,
    DEFAULT_SOURCES,
    GUARD_EXCEPTIONS,
    OFFCHAIN_LOOKUPS,
)
"""Every setting but the ``[[source]]`` tables."""


def load_settings(
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    *,
    config: Path | None = None,
    more_sources: Iterable[ListedSource] = (),
    follows_chain: bool = True,
) -> Settings:
    """The settings in force.

    ``flags`` maps keys to what was written on the command line, None where
    nothing was; ``config`` is ``--config``; ``more_sources`` are those of
    ``--source``. Unless ``follows_chain``, no sources of the chain need to be there.

    Raises:
        ConfigError: a value is malformed, a key unknown, or two settings contradict.
    """
    file = _find_file(config, environment)
    _refuse_unknown(file)
    _refuse_unknown_variables(environment)
    layers = _Layers(flags, environment, file)
    network = layers.value(NETWORK)
    own = (*file.sources, *more_sources)
    with_defaults = layers.value(DEFAULT_SOURCES)
    settings = Settings(
        network=network,
        checkpoint=layers.value(CHECKPOINT),
        checkpoint_operators=layers.value(CHECKPOINT_OPERATORS),
        host=layers.value(HOST),
        port=layers.value(PORT),
        serve=layers.value(SERVE),
        gateway_port=layers.value(GATEWAY_PORT),
        subdomain_hosts=layers.value(SUBDOMAIN_HOSTS),
        denylist=layers.value(DENYLIST),
        dnslinks=layers.value(DNSLINKS),
        mirrors=layers.value(MIRRORS),
        hold=layers.value(HOLD),
        holds=layers.value(HOLDS),
        ens=layers.value(ENS),
        ens_gateways=layers.value(ENS_GATEWAYS),
        unsigned_dns=layers.value(UNSIGNED_DNS),
        arns_operators=layers.value(ARNS_OPERATORS),
        proxied_names=layers.value(PROXIED_NAMES),
        allowed_hosts=layers.value(ALLOWED_HOSTS),
        allowed_origins=layers.value(ALLOWED_ORIGINS),
        state_directory=layers.value(STATE_DIRECTORY),
        cache_megabytes=layers.value(CACHE_MEGABYTES),
        store_directory=layers.value(STORE_DIRECTORY),
        store_megabytes=layers.value(STORE_MEGABYTES),
        head_age_seconds=layers.value(HEAD_AGE_SECONDS),
        default_sources=with_defaults,
        guard_exceptions=layers.value(GUARD_EXCEPTIONS),
        offchain_lookups=layers.value(OFFCHAIN_LOOKUPS),
        sources=_combined(
            _listed(network) if with_defaults else (),
            own,
        ),
        private_submit=_has_submitter(own),
        came_from=layers.came_from,
    )
    if follows_chain and "rpc" in settings.serve:
        _refuse_too_few_sources(settings)
        if settings.checkpoint is None:
            operators = settings.checkpoint_operators
            _refuse_too_many_operators(settings, CHECKPOINT_OPERATORS, "checkpoint", operators)
    if any("arweave" in source.kinds for source in settings.sources):
        _refuse_too_many_operators(settings, ARNS_OPERATORS, "arweave", settings.arns_operators)
    return settings


class _Layers:
    """The four places where a value can stand, asked in order of precedence."""

    def __init__(
        self, flags: Mapping[str, object], environment: Mapping[str, str], file: ConfigFile
    ) -> None:
        self._flags = flags
        self._environment = environment
        self._file = file
        self.came_from: dict[str, str] = {}

    def value(self, setting: Setting[T]) -> T:
        """The value of one setting; where it came from is noted."""
        written: object = self._flags.get(setting.key)
        if written is not None:
            return self._read(setting, written, f"--{setting.key.replace('_', '-')}")
        text = self._environment.get(setting.variable)
        if text is not None:
            return self._read(setting, text, setting.variable)
        if setting.key in self._file.values:
            where = self._file.path.name if self._file.path else "walkaway.toml"
            return self._read(setting, self._file.values[setting.key], where)
        self.came_from[setting.key] = DEFAULT
        return setting.default()

    def _read(self, setting: Setting[T], written: object, where: str) -> T:
        self.came_from[setting.key] = where
        return setting.value_of(written, where)


def _find_file(config: Path | None, environment: Mapping[str, str]) -> ConfigFile:
    if config is not None:
        return read_config_file(config)
    named = environment.get(CONFIG_VARIABLE)
    if named:
        return read_config_file(read_directory(named))
    own = platformdirs.user_config_path("walkaway") / "walkaway.toml"
    return read_config_file(own) if own.is_file() else ConfigFile.empty()


def _refuse_unknown(file: ConfigFile) -> None:
    known = [setting.key for setting in SETTINGS] + ["source"]
    for key in file.values:
        if key not in known:
            raise ConfigError(f"{file.path}: unknown setting {key!r}", advice=_meant(key, known))


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = [CONFIG_VARIABLE, *(setting.variable for setting in SETTINGS)]
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            raise ConfigError(
                f"the environment variable {name} sets nothing", advice=_meant(name, known)
            )


def _meant(written: str, known: list[str]) -> str:
    near = difflib.get_close_matches(written, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known settings: {', '.join(known)}"


def _refuse_too_many_operators(
    settings: Settings, setting: Setting[int], kind: str, asked: int
) -> None:
    """Of what the person asked for; the default is held against the sources when it is needed."""
    where = settings.came_from[setting.key]
    operators = {s.operator for s in settings.sources if kind in s.kinds}
    if where == DEFAULT or asked <= len(operators):
        return
    raise ConfigError(
        f"{where}: {setting.key} must be at most {len(operators)}, the number of "
        f"distinct operators of the {kind} sources, and not {asked}",
        advice=f"ask for fewer, or list sources of kind {kind} under [[source]]",
    )


def _listed(network: str) -> tuple[ListedSource, ...]:
    """The sources that come with walkaway."""
    return (*default_sources(network), *content_sources(), *dns_sources(), *arweave_sources())


def _combined(
    listed: tuple[ListedSource, ...], own: tuple[ListedSource, ...]
) -> tuple[ListedSource, ...]:
    """The defaults and the person's own; an own name replaces, an own submitter is alone."""
    names = [source.name for source in own]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(
            f"two sources are named {', '.join(twice)}", advice="give each source its own name"
        )
    kept = [source for source in listed if source.name not in names]
    if _has_submitter(own):
        kept = [replace(s, kinds=tuple(k for k in s.kinds if k != "submit")) for s in kept]
    return with_one_spelling((*(source for source in kept if source.kinds), *own))


def _refuse_too_few_sources(settings: Settings) -> None:
    sources = settings.sources
    missing = [
        kind for kind in ("beacon", "execution") if not any(kind in s.kinds for s in sources)
    ]
    if missing:
        raise ConfigError(
            f"there is no source of kind {' or '.join(missing)}",
            advice="list one under [[source]], or leave default_sources = true",
        )


def _has_submitter(sources: Iterable[ListedSource]) -> bool:
    return any("submit" in source.kinds for source in sources)
