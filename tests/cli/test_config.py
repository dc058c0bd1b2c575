"""Settings: precedence, strictness, and no leaked keys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from walkaway.cli.config import SETTINGS, Settings, load_settings
from walkaway.cli.content import content_plan
from walkaway.cli.node import plan
from walkaway.content.service import ContentPlan
from walkaway.errors import ConfigError

ROOT = "0x" + "ab" * 32
SECRET = "9aa3d95b3bc440fa88ea12eaa4456161"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "walkaway.toml"
    path.touch(mode=0o600)
    return path


@pytest.fixture(autouse=True)
def _nobodys_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def load(file: Path, text: str, **flags: object) -> Settings:
    file.write_text(text)
    return load_settings(flags, {}, config=file)


def test_defaults_need_nothing() -> None:
    settings = load_settings({}, {})
    assert settings.network == "mainnet"
    assert settings.port == 8545
    assert settings.checkpoint is None
    assert not settings.private_submit
    assert {kind for s in settings.sources for kind in s.kinds} == {
        "checkpoint",
        "beacon",
        "execution",
        "submit",
        "blobs",
        "content",
        "routing",
        "dns",
        "arweave",
    }
    assert settings.store_folder == settings.state_directory / "store"
    assert set(settings.came_from) == {s.key for s in SETTINGS}
    assert set(settings.came_from.values()) == {"default"}


def test_flags_over_environment_over_file_over_default(file: Path) -> None:
    file.write_text("port = 1001\nnetwork = 'sepolia'\nhead_age_seconds = 60")
    environment = {"WALKAWAY_PORT": "1002", "WALKAWAY_NETWORK": "hoodi"}
    settings = load_settings({"port": 1003}, environment, config=file)
    assert (settings.port, settings.network, settings.head_age_seconds) == (1003, "hoodi", 60)
    assert settings.came_from["port"] == "--port"
    assert settings.came_from["network"] == "WALKAWAY_NETWORK"
    assert settings.came_from["head_age_seconds"] == "walkaway.toml"
    assert settings.came_from["host"] == "default"


def test_the_environment_names_the_file(file: Path) -> None:
    file.write_text("port = 7")
    assert load_settings({}, {"WALKAWAY_CONFIG": str(file)}).port == 7


def test_the_persons_own_directory_is_read(tmp_path: Path) -> None:
    own = tmp_path / "config" / "walkaway"
    own.mkdir(parents=True)
    (own / "walkaway.toml").write_text("port = 8")
    assert load_settings({}, {}).port == 8


def test_the_working_directory_is_never_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "walkaway.toml").write_text(f"checkpoint = '{ROOT}'")
    monkeypatch.chdir(tmp_path)
    assert load_settings({}, {}).checkpoint is None


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("ports = 1", "did you mean port?"),
        ("chekpoint = 1", "did you mean checkpoint?"),
        ("sources = 1", "did you mean source?"),
        ("zzz = 1", "known settings"),
    ],
)
def test_an_unknown_key_names_the_nearest(file: Path, text: str, advice: str) -> None:
    with pytest.raises(ConfigError, match="unknown setting") as raised:
        load(file, text)
    assert advice in raised.value.advice


@pytest.mark.parametrize("name", ["WALKAWAY_OFFCHAIN_LOOKUP", "WALKAWAY_STATE_DIRECTORY"])
def test_an_environment_variable_that_sets_nothing_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} sets nothing") as raised:
        load_settings({}, {name: "true", "OTHER_OFFCHAIN": "1"})
    assert "WALKAWAY_" in raised.value.advice


@pytest.mark.parametrize(
    "text",
    [
        "network = 'goerli'",
        "network = 1",
        "checkpoint = '0x12'",
        f"checkpoint = '{ROOT[2:]}'",
        f"checkpoint = '{ROOT}zz'",
        f"checkpoint = '0x{'0' * 64}'",
        "checkpoint = 5",
        "checkpoint_operators = 0",
        "port = 65536",
        "port = -1",
        "port = true",
        "port = 'http'",
        "port = 1.5",
        "host = 'example.org'",
        "host = 3",
        "allowed_hosts = 3",
        "allowed_origins = [1]",
        "allowed_origins = ['']",
        "allowed_origins = ['wallet.example']",
        "allowed_origins = ['https://wallet.example/page']",
        "allowed_hosts = ['node.example:8545']",
        "allowed_hosts = ['https://node.example']",
        "state_directory = ''",
        "state_directory = 3",
        'state_directory = "a\\u0000b"',
        "state_directory = '~nobody-at-all-here/x'",
        "cache_megabytes = -1",
        "cache_megabytes = 1.5",
        "cache_megabytes = 16777217",
        "cache_megabytes = 'all'",
        "head_age_seconds = 0",
        "head_age_seconds = nan",
        "head_age_seconds = inf",
        "head_age_seconds = true",
        "head_age_seconds = 'soon'",
        "head_age_seconds = []",
        "serve = []",
        "serve = ['rpc', 'mail']",
        "serve = 1",
        "gateway_port = 65536",
        "subdomain_hosts = ['a:80']",
        "denylist = ''",
        "dnslinks = ['example.org']",
        "hold = '24 hours'",
        "hold = 86400",
        "hold = true",
        "holds = ['app.eth']",
        "holds = ['app.eth=soon']",
        "dnslinks = ['=/ipfs/bafkqaaa']",
        "dnslinks = ['x.org=/ipfs/nope']",
        "dnslinks = ['a..eth=/ipfs/bafkqaaa']",
        "dnslinks = ['app.eth:1=/ipfs/bafkqaaa']",
        "dnslinks = ['app.eth=/web3/0x4e1f41613c9084fdb9e34e11fae9412427480e56:1']",
        "dnslinks = ['app.eth:1=/web3/0x4e1f41613c9084fdb9e34e11fae9412427480e56']",
        "holds = ['a..eth=1d']",
        "dnslinks = ['example.org=https://example.org']",
        "default_sources = 'perhaps'",
        "default_sources = 2",
        "offchain_lookups = 'sometimes'",
        "guard_exceptions = ['127.0.0.1']",
        "guard_exceptions = ['127.0.0.1:0']",
        "guard_exceptions = ['node.example:80']",
        "guard_exceptions = ['::1:80']",
        "guard_exceptions = ['127.0.0.1:٣']",
    ],
)
def test_a_malformed_value_is_refused_by_name(file: Path, text: str) -> None:
    key = text.split(" ", maxsplit=1)[0]
    with pytest.raises(ConfigError, match=rf"walkaway\.toml: {key} must be "):
        load(file, text)


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("WALKAWAY_CHECKPOINT", ROOT, "checkpoint", bytes.fromhex(ROOT[2:])),
        ("WALKAWAY_CHECKPOINT_OPERATORS", "3", "checkpoint_operators", 3),
        ("WALKAWAY_HOST", "::1", "host", "::1"),
        ("WALKAWAY_HOST", "localhost", "host", "localhost"),
        (
            "WALKAWAY_ALLOWED_HOSTS",
            "a.example, b.example",
            "allowed_hosts",
            ("a.example", "b.example"),
        ),
        (
            "WALKAWAY_ALLOWED_ORIGINS",
            "https://a.example",
            "allowed_origins",
            ("https://a.example",),
        ),
        ("WALKAWAY_HEAD_AGE_SECONDS", "1.5", "head_age_seconds", 1.5),
        ("WALKAWAY_CACHE_MEGABYTES", "0", "cache_megabytes", 0),
        ("WALKAWAY_DEFAULT_SOURCES", "yes", "default_sources", True),
        ("WALKAWAY_OFFCHAIN_LOOKUPS", "on", "offchain_lookups", True),
        ("WALKAWAY_GUARD_EXCEPTIONS", "[::1]:80", "guard_exceptions", ("[::1]:80",)),
        ("WALKAWAY_GUARD_EXCEPTIONS", "10.0.0.1:80", "guard_exceptions", ("10.0.0.1:80",)),
        ("WALKAWAY_SERVE", "gateway,rpc", "serve", ("rpc", "gateway")),
        ("WALKAWAY_SERVE", "gateway", "serve", ("gateway",)),
        ("WALKAWAY_GATEWAY_PORT", "0", "gateway_port", 0),
        ("WALKAWAY_DENYLIST", "/etc/a.deny", "denylist", Path("/etc/a.deny")),
        (
            "WALKAWAY_DNSLINKS",
            "a.b=/ipfs/bafkqaaa, c.d=/ipns/y",
            "dnslinks",
            ("a.b=/ipfs/bafkqaaa", "c.d=/ipns/y"),
        ),
        (
            "WALKAWAY_DNSLINKS",
            f"app.eth:1=/web3/0x{'4e' * 20}:1, a.b=/ar/{'A' * 43}/x",
            "dnslinks",
            (f"app.eth:1=/web3/0x{'4e' * 20}:1", f"a.b=/ar/{'A' * 43}/x"),
        ),
        ("WALKAWAY_HOLD", "24h", "hold", 86_400.0),
        ("WALKAWAY_HOLDS", "app.eth:1=7d,b.eth=0", "holds", ("app.eth:1=7d", "b.eth=0")),
        ("WALKAWAY_HOME", "/srv/walkaway", "state_directory", Path("/srv/walkaway")),
    ],
)
def test_the_environment_sets_each(variable: str, text: str, key: str, value: object) -> None:
    assert getattr(load_settings({}, {variable: text}), key) == value


def test_lookups_off_chain_are_followed_only_where_that_is_set(file: Path) -> None:
    assert not plan(load_settings({}, {})).offchain_lookups
    text = "offchain_lookups = true\nguard_exceptions = ['127.0.0.1:8090']"
    made = plan(load(file, text))
    assert made.offchain_lookups
    assert made.guard_exceptions == ("127.0.0.1:8090",)


def test_more_operators_than_there_are_is_refused_at_once(file: Path) -> None:
    operators = {s.operator for s in load_settings({}, {}).sources if "checkpoint" in s.kinds}
    enough = len(operators)
    assert load(file, f"checkpoint_operators = {enough}").checkpoint_operators == enough
    with pytest.raises(
        ConfigError, match=rf"walkaway\.toml: checkpoint_operators must be at most {enough}"
    ):
        load(file, f"checkpoint_operators = {enough + 1}")
    given = load(file, f"checkpoint_operators = {enough + 1}\ncheckpoint = '{ROOT}'")
    assert given.checkpoint is not None, "then nobody is asked"


def test_nor_may_more_have_to_agree_on_a_name_of_arns(file: Path) -> None:
    operators = {s.operator for s in load_settings({}, {}).sources if "arweave" in s.kinds}
    asked = len(operators) + 1
    says = f"arns_operators must be at most {len(operators)}, .* of the arweave sources"
    with pytest.raises(ConfigError, match=says):
        load(file, f"arns_operators = {asked}\nserve = 'gateway'")
    alone = load(file, f"arns_operators = {asked}\ndefault_sources = false\nserve = 'gateway'")
    assert alone.arns_operators == asked, "nobody is asked about names of ArNS"


def test_a_field_of_a_source_that_is_nearly_right(file: Path) -> None:
    entry = "[[source]]\nname='a'\noperator='o'\nkind=['execution']\nurl='https://a.example'\n"
    with pytest.raises(ConfigError, match=r"walkaway\.toml: source 'a' .*: kind$") as raised:
        load(file, entry)
    assert raised.value.advice == "did you mean kinds?"
    with pytest.raises(ConfigError) as raised:
        load(file, entry.replace("kind=", "zzzz="))
    assert "known fields: name, operator, kinds, url" in raised.value.advice


def test_own_sources_join_the_defaults_and_replace_by_name(file: Path) -> None:
    settings = load(
        file,
        """
        [[source]]
        name = "publicnode"
        operator = "me"
        kinds = ["execution"]
        url = "http://127.0.0.1:8545"
        """,
    )
    named = [s for s in settings.sources if s.name == "publicnode"]
    assert [s.operator for s in named] == ["me"]
    assert len(settings.sources) > 5


def test_without_the_defaults_only_own_sources_are_asked(file: Path) -> None:
    text = """
        default_sources = false
        [[source]]
        name = "mine"
        operator = "me"
        kinds = ["beacon", "execution"]
        url = "http://127.0.0.1:8545"
        """
    assert [s.name for s in load(file, text).sources] == ["mine"]
    with pytest.raises(ConfigError, match="no source of kind beacon") as raised:
        load(file, text.replace('"beacon", ', ""))
    assert "default_sources" in raised.value.advice


def test_content_needs_no_source_of_the_chain(file: Path) -> None:
    file.write_text(
        """
        default_sources = false
        store_directory = "/srv/blocks"
        store_megabytes = 5
        guard_exceptions = ["127.0.0.1:8080"]
        [[source]]
        name = "site"
        operator = "me"
        kinds = ["content"]
        url = "file:///srv/site.car"
        """
    )
    settings = load_settings({}, {}, config=file, follows_chain=False)
    assert content_plan(settings, offline=True) == ContentPlan(
        folder=Path("/srv/blocks"),
        evidence=settings.state_directory / "evidence",
        store_bytes=5 * 10**6,
        sources=settings.sources,
        guard_exceptions=("127.0.0.1:8080",),
        offline=True,
        without_chain="nobody is asked: --offline",
    )
    with pytest.raises(ConfigError, match="no source of kind beacon or execution"):
        load_settings({}, {}, config=file)


def test_sources_of_content_and_of_the_chain_are_kept_apart(file: Path) -> None:
    settings = load_settings({}, {})
    kinds = {kind for source in content_plan(settings).sources for kind in source.kinds}
    assert kinds == {"content", "routing", "arweave", "blobs"}


def test_a_private_submitter_is_alone(file: Path) -> None:
    settings = load(
        file,
        """
        [[source]]
        name = "private"
        operator = "builder"
        kinds = ["submit"]
        url = "https://builder.example"
        """,
    )
    assert settings.private_submit
    assert settings.submit == ("private",)
    assert any("execution" in s.kinds for s in settings.sources)


def test_two_sources_of_one_name_are_refused(file: Path) -> None:
    entry = "[[source]]\nname='a'\noperator='o'\nkinds=['execution']\nurl='https://a.example'\n"
    with pytest.raises(ConfigError, match="two sources are named a"):
        load(file, entry * 2)


def test_source_must_be_a_list(file: Path) -> None:
    with pytest.raises(ConfigError, match="list of tables") as raised:
        load(file, "source = 'https://a.example'")
    assert "[[source]]" in raised.value.advice


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize(
    "url",
    [
        f"https://node.example/v3/{SECRET}",
        f"https://node.example/?key={SECRET}",
        f"https://user:{SECRET}@node.example/",
    ],
)
def test_a_key_that_others_can_read_is_refused_and_never_shown(file: Path, url: str) -> None:
    text = f"[[source]]\nname='a'\noperator='o'\nkinds=['execution']\nurl='{url}'\n"
    assert SECRET not in repr(load(file, text))
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others") as raised:
        load(file, text)
    assert raised.value.advice == f"chmod 600 {file}"
    assert SECRET not in str(raised.value)
    assert load(file, text.replace(url, "https://node.example/v3/eth")).port == 8545


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"port = ", "not valid TOML"),
        (b"\xff", "not UTF-8"),
        (b"#" * 300_000, "larger than"),
    ],
)
def test_a_file_that_cannot_be_understood(file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        load_settings({}, {}, config=file)


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load_settings({}, {}, config=tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings({}, {}, config=tmp_path)


def test_an_operator_counts_once_however_it_is_spelled(file: Path) -> None:
    listed = "".join(
        f"[[source]]\nname = 'mine {place}'\noperator = '{operator}'\n"
        f"kinds = ['dns']\nurl = 'https://{place}.example/dns-query'\n"
        for place, operator in enumerate(("quad9", " QUAD9 ", "my  uncle", "My Uncle"))
    )
    operators = [s.operator for s in load(file, listed).sources if "dns" in s.kinds]
    assert operators.count("Quad9") == 3
    assert operators[-2:] == ["my  uncle", "my  uncle"]


MIRRORED = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
TOO_MANY = [f"/ar/{'A' * 43}/{at}" for at in range(9)]


def test_mirrors_are_a_table_of_lists(file: Path) -> None:
    text = f"""
    [mirrors]
    "ipfs://{MIRRORED}/docs" = ["ar://{"A" * 43}/docs", "web3://0x{"ab" * 20}:5/docs/"]
    "/ar/{"B" * 42}A" = ["{MIRRORED}"]
    """
    settings = load(file, text)
    assert [(str(of), str(at)) for of, at in content_plan(settings).mirrors] == [
        (f"/ipfs/{MIRRORED}/docs", f"/ar/{'A' * 43}/docs"),
        (f"/ipfs/{MIRRORED}/docs", f"/web3/0x{'ab' * 20}:5/docs/"),
        (f"/ar/{'B' * 42}A", f"/ipfs/{MIRRORED}"),
    ]
    assert settings.came_from["mirrors"] == "walkaway.toml"
    written = f"/ipfs/{MIRRORED}=ar://{'A' * 43}, {MIRRORED}=/ar/{'B' * 42}A"
    settings = load_settings({}, {"WALKAWAY_MIRRORS": written})
    assert [str(at) for _, at in content_plan(settings).mirrors] == [
        f"/ar/{'A' * 43}",
        f"/ar/{'B' * 42}A",
    ]
    assert content_plan(load_settings({}, {})).mirrors == ()


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("mirrors = 1", "a table of addresses"),
        ("mirrors = ['/ipfs/x']", "a table of addresses"),
        (f"[mirrors]\n'/ipfs/{MIRRORED}' = '/ar/{'A' * 43}'", "a table of addresses"),
        (f"[mirrors]\n'/ipfs/{MIRRORED}' = [1]", "a table of addresses"),
        (f"[mirrors]\n'/ipfs/{MIRRORED}' = ['']", "a table of addresses"),
        (f"[mirrors]\n'/ipfs/{MIRRORED}' = ['/ar/x']", f"/ipfs/{MIRRORED} = /ar/x"),
        (f"[mirrors]\n'/ipfs/no-cid' = ['/ar/{'A' * 43}']", "no-cid is no CID"),
        (f"[mirrors]\n'app.eth' = ['/ar/{'A' * 43}']", "its next release"),
        (f"[mirrors]\n'web3://0x{'ab' * 20}' = ['/ar/{'A' * 43}']", "its next release"),
        (f"[mirrors]\n'/ipfs/{MIRRORED}' = ['app.eth']", "it is a name"),
        (f"[mirrors]\n'/ipfs/{MIRRORED}' = ['web3://app.eth/']", "it is a name"),
        (f"[mirrors]\n'/ipfs/{MIRRORED}' = ['{MIRRORED}']", "of itself"),
        (f"[mirrors]\n'/ipfs/{MIRRORED}' = {TOO_MANY}", "more than 8 mirrors"),
    ],
)
def test_what_is_no_mirror_is_refused_with_the_entry(file: Path, written: str, says: str) -> None:
    with pytest.raises(ConfigError, match=r"walkaway\.toml: mirrors must be") as raised:
        load(file, written)
    assert says in str(raised.value)
