"""Files from the Hub and to it, against a server on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from eigenformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, hub, no_grad
from eigenformers.errors import CheckpointError, UnsupportedError
from hub_server import TOKEN, HubServer

NO_SUCH = "is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'"


@pytest.fixture(scope="module")
def server():
    with HubServer() as running:
        yield running


@pytest.fixture(autouse=True)
def environment(server, monkeypatch, tmp_path):
    """An empty cache, no credentials of the person who runs this, and no Xet transfer (which our server has not)."""
    for name in list(os.environ):
        if name.startswith(("HF_", "HUGGING", "TRANSFORMERS_", "PYTORCH_TRANSFORMERS")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True, raising=False)
    hosts = frozenset({"127.0.0.1", "huggingface.co"})  # read from HF_ENDPOINT when huggingface_hub is imported
    monkeypatch.setattr("huggingface_hub.constants.HF_URL_HOSTS", hosts, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    server.status = server.break_after = None
    server.repositories.clear()
    server.requests.clear()
    return server


@pytest.fixture
def model(server):
    """`org/model`: main, the branch `dev` with another vocabulary, the tag-like ref `v1`, and a subfolder."""
    repository = server.add(
        "org/model",
        {
            "config.json": LlamaConfig(vocab_size=100).to_json_string().encode(),
            "sub/config.json": LlamaConfig(vocab_size=200).to_json_string().encode(),
            "data.bin": bytes(range(256)) * 40,
        },
    )
    repository.refs["v1"] = repository.refs["dev"] = repository.refs["main"]
    repository.commit("dev", {"config.json": LlamaConfig(vocab_size=300).to_json_string().encode()}, "dev")
    return repository


def test_download_and_layout(server, model, tmp_path):
    path = hub.cached_file("org/model", "data.bin")
    commit = model.refs["main"]
    root = tmp_path / "home" / "hub" / "models--org--model"
    assert path == str(root / "snapshots" / commit / "data.bin")
    assert open(path, "rb").read() == bytes(range(256)) * 40
    assert (root / "refs" / "main").read_text() == commit
    assert os.path.islink(path) and os.path.realpath(path).startswith(str(root / "blobs"))
    assert hub.extract_commit_hash(path) == commit


def test_cache_is_reused(server, model):
    first = hub.cached_file("org/model", "data.bin")
    assert server.downloads() == ["data.bin"]
    assert hub.cached_file("org/model", "data.bin") == first
    assert server.downloads() == ["data.bin"]  # asked whether it changed, did not fetch it again
    server.requests.clear()
    assert hub.cached_file("org/model", "data.bin", revision=model.refs["main"]) == first
    assert hub.cached_file("org/model", "data.bin", _commit_hash=model.refs["main"]) == first
    assert server.requests == []  # a commit never changes
    hub.cached_file("org/model", "data.bin", force_download=True)
    assert server.downloads() == ["data.bin"]


def test_new_commit_is_seen(server, model):
    old = hub.cached_file("org/model", "data.bin")
    model.commit("main", {"data.bin": b"new"}, "second")
    new = hub.cached_file("org/model", "data.bin")
    assert open(new, "rb").read() == b"new" and new != old


def test_revisions_and_subfolder(server, model):
    assert AutoConfig.from_pretrained("org/model").vocab_size == 100
    assert AutoConfig.from_pretrained("org/model", revision="dev").vocab_size == 300
    assert AutoConfig.from_pretrained("org/model", revision="v1").vocab_size == 100
    assert AutoConfig.from_pretrained("org/model", revision=model.refs["dev"]).vocab_size == 300
    nested = AutoConfig.from_pretrained("org/model", subfolder="sub")
    assert nested.vocab_size == 200 and nested._commit_hash == model.refs["main"]
    with pytest.raises(OSError, match="nope is not a valid git identifier .branch name, tag name or commit id."):
        AutoConfig.from_pretrained("org/model", revision="nope")


def test_several_files(server, model):
    files = hub.cached_files("org/model", ["config.json", "data.bin"])
    assert [os.path.basename(path) for path in files] == ["config.json", "data.bin"]
    with pytest.raises(OSError, match="does not appear to have files named .'a', 'b'.. Checkout"):
        hub.cached_files("org/model", ["config.json", "a", "b"])
    kept = hub.cached_files("org/model", ["config.json", "a"], _raise_exceptions_for_missing_entries=False)
    assert [os.path.basename(path) for path in kept] == ["config.json"]


def test_missing_file(server, model):
    expected = "org/model does not appear to have a file named nothing.bin. Checkout 'https://huggingface.co/org/model/tree/main'"
    with pytest.raises(OSError, match=expected):
        hub.cached_file("org/model", "nothing.bin")
    assert hub.cached_file("org/model", "nothing.bin", _raise_exceptions_for_missing_entries=False) is None
    server.requests.clear()
    commit = model.refs["main"]
    assert (
        hub.cached_file("org/model", "nothing.bin", revision=commit, _raise_exceptions_for_missing_entries=False)
        is None
    )
    assert server.requests == []  # that it is missing is cached, too
    model.commit("main", {"config.json": None}, "no config")
    assert hub.cached_file("org/model", "config.json") is None


def test_no_such_repository(server):
    for name in ("org/nothing", "not a name", "./missing/folder", "a/b/c", "x" * 200):
        with pytest.raises(OSError, match=NO_SUCH):
            hub.cached_file(name, "config.json")


def test_private_repository(server, monkeypatch):
    server.add("org/secret", {"config.json": b'{"model_type": "llama"}'}, private=True)
    with pytest.raises(OSError, match=NO_SUCH):
        hub.cached_file("org/secret", "config.json")
    with pytest.raises(OSError, match=NO_SUCH):
        hub.cached_file("org/secret", "config.json", token="hf_other")
    assert hub.cached_file("org/secret", "config.json", token=TOKEN)
    assert hub.cached_file("org/secret", "config.json", use_auth_token=TOKEN, force_download=True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert AutoConfig.from_pretrained("org/secret").model_type == "llama"
    with pytest.raises(OSError, match=NO_SUCH):
        hub.cached_file("org/secret", "other.json", token=False)


def test_gated_repository(server):
    server.add("org/gated", {"config.json": b"{}"}, gated=True)
    with pytest.raises(OSError, match="You are trying to access a gated repo.\nMake sure to have access to it at"):
        hub.cached_file("org/gated", "config.json", token="hf_other")
    assert hub.cached_file("org/gated", "config.json", _raise_exceptions_for_gated_repo=False) is None
    with pytest.raises(OSError, match="gated repo"):
        hub.has_file("org/gated", "config.json")


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", None])
def test_offline(server, model, monkeypatch, variable):
    hub.cached_file("org/model", "data.bin")
    hub.cached_file("org/model", "nothing.bin", _raise_exceptions_for_missing_entries=False)
    server.requests.clear()
    arguments = {}
    if variable is None:
        arguments["local_files_only"] = True
    else:
        monkeypatch.setenv(variable, "1")
    assert hub.cached_file("org/model", "data.bin", **arguments)
    assert hub.cached_file("org/model", "nothing.bin", _raise_exceptions_for_missing_entries=False, **arguments) is None
    with pytest.raises(
        OSError, match="We couldn't connect to .* to load the files, and couldn't find them in the cached"
    ):
        hub.cached_file("org/model", "config.json", **arguments)
    with pytest.raises(OSError, match="We couldn't connect to"):
        hub.cached_file("org/other", "config.json", **arguments)
    with pytest.raises(OSError, match=NO_SUCH):
        hub.cached_file("not a name", "config.json", **arguments)
    quiet = {"_raise_exceptions_for_connection_errors": False, **arguments}
    assert hub.cached_file("org/model", "config.json", **quiet) is None
    assert hub.has_file("org/model", "data.bin", **arguments)
    assert not hub.has_file("org/model", "config.json", **arguments)
    assert server.requests == []


def test_offline_needs_no_hub_library(server, model, tmp_path):
    """What is cached is found without importing huggingface_hub, which takes a third of a second."""
    path = hub.cached_file("org/model", "config.json")
    program = (
        "import sys; from eigenformers import AutoConfig; AutoConfig.from_pretrained('org/model');"
        "assert not {'huggingface_hub', 'tqdm', 'jinja2'} & set(sys.modules), sorted(sys.modules)"
    )
    import eigenformers

    root = os.path.dirname(os.path.dirname(eigenformers.__file__))
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": root}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
    assert os.path.exists(path)


def test_no_connection(server, model, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # huggingface_hub waits between its five attempts
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the discard port: refused
    with pytest.raises(OSError, match="We couldn't connect to 'http://127.0.0.1:9' to load the files"):
        hub.cached_file("org/model", "data.bin")
    assert not hub.has_file("org/model", "data.bin")
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    path = hub.cached_file("org/model", "data.bin")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert hub.cached_file("org/model", "data.bin") == path
    assert hub.has_file("org/model", "data.bin")
    with pytest.raises(ConnectionError):
        hub.list_repo_files("org/model")


def test_interrupted_download_resumes(server, model):
    size = 256 * 40
    server.break_after = 1000
    try:
        path = hub.cached_file("org/model", "data.bin")  # newer versions of huggingface_hub go on by themselves
    except Exception:
        path = hub.cached_file("org/model", "data.bin")
    assert os.path.getsize(path) == size and open(path, "rb").read() == bytes(range(256)) * 40


def test_server_error(server, model):
    server.status = 418
    with pytest.raises(OSError, match="specific connection error when trying to load org/model|We couldn't connect"):
        hub.cached_file("org/model", "data.bin")


def test_has_file_and_listing(server, model):
    assert hub.has_file("org/model", "data.bin")
    assert hub.has_file("org/model", "sub/config.json", revision="dev")
    assert not hub.has_file("org/model", "nothing")
    assert sorted(hub.list_repo_files("org/model")) == ["config.json", "data.bin", "sub/config.json"]
    with pytest.raises(OSError, match=NO_SUCH):
        hub.has_file("org/nothing", "config.json")
    with pytest.raises(OSError, match="nope is not a valid git identifier"):
        hub.has_file("org/model", "config.json", revision="nope")
    with pytest.raises(OSError, match=NO_SUCH):
        hub.list_repo_files("org/nothing")


def test_cache_dir(server, model, monkeypatch, tmp_path):
    path = hub.cached_file("org/model", "config.json", cache_dir=tmp_path / "given")
    assert path.startswith(str(tmp_path / "given" / "models--org--model"))
    for name, expected in (
        ("HF_HUB_CACHE", tmp_path / "a"),
        ("TRANSFORMERS_CACHE", tmp_path / "b"),
    ):
        monkeypatch.setenv(name, str(expected))
        assert hub.hub_cache() == str(expected)
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.delenv("TRANSFORMERS_CACHE")
    monkeypatch.delenv("HF_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert hub.hub_cache() == str(tmp_path / "xdg" / "huggingface" / "hub")


def test_proxies_are_refused(server, model):
    with pytest.raises(UnsupportedError, match="proxies"):
        hub.cached_file("org/model", "config.json", proxies={"http": "x"})


def test_local_folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("x")
    assert hub.cached_file(tmp_path, "a.txt", subfolder="sub") == str(tmp_path / "sub" / "a.txt")
    assert hub.cached_file(str(tmp_path), "config.json") is None
    assert hub.has_file(tmp_path, "sub/a.txt") and not hub.has_file(tmp_path, "a.txt")
    assert hub.list_repo_files(tmp_path) == ["sub/a.txt"]
    with pytest.raises(OSError, match="does not appear to have a file named b.txt"):
        hub.cached_file(tmp_path, "b.txt")


# Weight files


def _index(shards: dict[str, str], **metadata) -> bytes:
    return json.dumps({"metadata": {"total_size": 8, **metadata}, "weight_map": shards}).encode()


def repr_start(value) -> str:
    """A readable test name, however long the content."""
    return repr(value)[:40]


ORDER = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"]


def _fill(add, names, variant=None):
    """A checkpoint with the given names of ORDER, and the shards their indexes name."""
    for name in names:
        if name.endswith("index.json"):
            suffix = "safetensors" if "safetensors" in name else "bin"
            shards = [f"shard-{part}.{suffix}" for part in (1, 2)]
            add(hub.resolve_weights.__globals__["add_variant"](name, variant), _index(dict(zip("ab", shards))))
            for shard in shards:
                add(shard, b"w")
        else:
            add(hub.resolve_weights.__globals__["add_variant"](name, variant), b"w")


@pytest.fixture(params=["local", "hub"])
def checkpoint(request, server, tmp_path):
    """`(where, add)`: a folder or a repository, and how to put a file into it."""
    if request.param == "local":
        folder = tmp_path / "checkpoint"
        folder.mkdir()

        def add(name, content):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)

        return str(folder), add
    repository = server.add("org/weights", {})
    return "org/weights", lambda name, content: repository.commit("main", {name: content}, name)


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("variant", [None, "fp16"])
def test_discovery_order(checkpoint, first, variant):
    where, add = checkpoint
    _fill(add, ORDER[first:], variant)
    found = hub.resolve_weights(where, variant=variant)
    assert found.format == ("safetensors" if first < 2 else "torch")
    assert found.is_sharded == (first % 2 == 1)
    names = [os.path.basename(path) for path in found.files]
    if found.is_sharded:
        assert names == [f"shard-{part}.{'safetensors' if first == 1 else 'bin'}" for part in (1, 2)]
        assert {tensor: os.path.basename(path) for tensor, path in found.weight_map.items()} == dict(zip("ab", names))
        assert found.metadata == {"total_size": 8}
    else:
        assert names == [ORDER[first] if variant is None else ORDER[first].replace(".", ".fp16.", 1)]
    assert (found.commit_hash is None) == os.path.isdir(where)


def test_use_safetensors(checkpoint):
    where, add = checkpoint
    add("pytorch_model.bin", b"w")
    with pytest.raises(OSError, match="no file named model.safetensors found|cannot be loaded with `safetensors`"):
        hub.resolve_weights(where, use_safetensors=True)
    add("model.safetensors", b"w")
    assert hub.resolve_weights(where, use_safetensors=False).files[0].endswith("pytorch_model.bin")
    assert hub.resolve_weights(where).files[0].endswith("model.safetensors")


def test_no_weights(checkpoint):
    where, add = checkpoint
    add("config.json", b"{}")
    with pytest.raises(OSError, match="model.safetensors"):
        hub.resolve_weights(where)
    add("model.safetensors", b"w")
    with pytest.raises(OSError, match="Use `variant=None`|use variant=None"):
        hub.resolve_weights(where, variant="fp16")


def test_explicit_name(checkpoint):
    where, add = checkpoint
    add("model.safetensors", b"w")
    add("other.safetensors", b"w")
    assert hub.resolve_weights(where, transformers_weights="other.safetensors").files[0].endswith("other.safetensors")
    with pytest.raises(ValueError, match="neither a safetensors file"):
        hub.resolve_weights(where, transformers_weights="model.bin")
    for name in ("../x.safetensors", "/etc/x.safetensors", "a/../../x.safetensors", "..\0/x.safetensors"):
        with pytest.raises(ValueError, match="must reference a file inside the model directory"):
            hub.resolve_weights(where, transformers_weights=name)


@pytest.mark.parametrize(
    "index",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"weight_map": []}',
        b'{"weight_map": {}}',
        b'{"weight_map": {"a": 3}}',
        b'{"weight_map": {"a": "../x.safetensors"}}',
        b'{"weight_map": {"a": "/x.safetensors"}}',
        b'{"weight_map": {"a": "x.exe"}}',
        b'{"weight_map": {"a": "x.safetensors"}, "metadata": 3}',
        b"[" * 100000,
        b"\xff\xfe",
    ],
    ids=repr_start,
)
def test_hostile_index(checkpoint, index):
    where, add = checkpoint
    add("model.safetensors.index.json", index)
    add("x.exe", b"w")
    with pytest.raises((CheckpointError, OSError)):
        hub.resolve_weights(where)


def test_missing_shard(checkpoint):
    where, add = checkpoint
    add("model.safetensors.index.json", _index({"a": "1.safetensors", "b": "2.safetensors"}))
    add("1.safetensors", b"w")
    with pytest.raises(OSError, match="does not appear to have a file named 2.safetensors"):
        hub.resolve_weights(where)


def test_gguf_files(checkpoint):
    where, add = checkpoint
    for part in (1, 2, 3):
        add(f"big-{part:05d}-of-00003.gguf", b"GGUF")
    add("small.gguf", b"GGUF")
    found = hub.resolve_weights(where, gguf_file="small.gguf")
    assert found.format == "gguf" and [os.path.basename(path) for path in found.files] == ["small.gguf"]
    found = hub.resolve_weights(where, gguf_file="big-00002-of-00003.gguf")
    assert [os.path.basename(path) for path in found.files] == [f"big-{part:05d}-of-00003.gguf" for part in (1, 2, 3)]
    with pytest.raises(OSError, match="missing.gguf"):
        hub.resolve_weights(where, gguf_file="missing.gguf")
    if os.path.isdir(where):
        assert hub.resolve_weights(os.path.join(where, "small.gguf")).format == "gguf"
        with pytest.raises(OSError, match="pass gguf_file='big-00001-of-00003.gguf'"):
            hub.resolve_weights(where)


def test_single_file(tmp_path):
    (tmp_path / "weights.safetensors").write_bytes(b"w")
    found = hub.resolve_weights(tmp_path / "weights.safetensors")
    assert found.files == [str(tmp_path / "weights.safetensors")] and found.format == "safetensors"


def test_subfolder_weights(checkpoint):
    where, add = checkpoint
    add("sub/model.safetensors.index.json", _index({"a": "1.safetensors"}))
    add("sub/1.safetensors", b"w")
    assert hub.resolve_weights(where, subfolder="sub").files[0].endswith("sub/1.safetensors")


# Uploading


def test_push_config(server):
    config = LlamaConfig(vocab_size=7)
    info = config.push_to_hub("first", token=TOKEN, private=True, tags=["one", "two"], commit_message="A message")
    repository = server.repositories["owner/first"]
    commit = repository.refs["main"]
    assert str(info).endswith(f"/owner/first/commit/{commit}") and info.oid == commit
    assert repository.private and repository.messages[commit] == "A message"
    assert json.loads(repository.files[commit]["config.json"])["vocab_size"] == 7
    card = repository.files[commit]["README.md"].decode()
    assert card.startswith("---\n") and "library_name: transformers" in card
    assert "- one\n- two" in card and "# first" in card and "LlamaConfig.from_pretrained('owner/first')" in card
    assert AutoConfig.from_pretrained("owner/first", token=TOKEN) == config


def test_push_keeps_the_card(server):
    server.add("owner/carded", {"README.md": b"---\ntags:\n- old\nlicense: mit\n---\n\n# My model\n\nText.\n"})
    LlamaConfig().push_to_hub("owner/carded", token=TOKEN, tags=["new", "old"])
    card = (
        server.repositories["owner/carded"]
        .files[server.repositories["owner/carded"].refs["main"]]["README.md"]
        .decode()
    )
    assert "- old\n- new" in card and "license: mit" in card and "# My model\n\nText." in card
    assert (
        server.repositories["owner/carded"].messages[server.repositories["owner/carded"].refs["main"]]
        == "Upload config"
    )


def test_push_to_branch_and_pull_request(server):
    server.add("owner/branched", {"a": b"1"})
    repository = server.repositories["owner/branched"]
    before = repository.refs["main"]
    LlamaConfig().push_to_hub("owner/branched", token=TOKEN, revision="dev")
    assert repository.refs["main"] == before and "config.json" in repository.files[repository.refs["dev"]]
    info = LlamaConfig().push_to_hub("owner/branched", token=TOKEN, create_pr=True, commit_description="why")
    assert info.pr_url.endswith("/owner/branched/discussions/1") and repository.refs["main"] == before
    assert "config.json" in repository.files[repository.refs["refs/pr/1"]]


def test_push_without_access(server):
    server.add("org/theirs", {"a": b"1"})
    with pytest.raises(OSError):
        LlamaConfig().push_to_hub("org/theirs", token="hf_other")
    assert "config.json" not in server.repositories["org/theirs"].files[server.repositories["org/theirs"].refs["main"]]


def test_save_and_push(server, tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "unrelated.txt").write_text("stays here")
    LlamaConfig(vocab_size=9).save_pretrained(folder, push_to_hub=True, token=TOKEN)
    repository = server.repositories["owner/saved"]
    assert sorted(repository.files[repository.refs["main"]]) == [".gitattributes", "README.md", "config.json"]
    LlamaConfig(vocab_size=8).save_pretrained(
        str(folder), push_to_hub=True, repo_id="owner/named", use_auth_token=TOKEN
    )
    repository = server.repositories["owner/named"]
    assert json.loads(repository.files[repository.refs["main"]]["config.json"])["vocab_size"] == 8
    with pytest.raises(TypeError, match="no_such_argument"):
        LlamaConfig().save_pretrained(folder, no_such_argument=1)


def test_push_large_files(server, tmp_path):
    """Weights go through LFS, in subfolders too, and the folder's hidden files stay at home."""
    from eigenformers.hub import PushToHubMixin

    content = os.urandom(5000)

    class TinyModel(PushToHubMixin):
        def save_pretrained(self, folder, max_shard_size="50GB"):
            os.makedirs(os.path.join(folder, "inner"))
            for name, data in (("model.safetensors", content), ("inner/part.bin", content[:300]), (".hidden", b"x")):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(data)
            with open(os.path.join(folder, "size.txt"), "w") as file:
                file.write(str(max_shard_size))

    TinyModel().push_to_hub("owner/large", token=TOKEN, max_shard_size="1MB")
    repository = server.repositories["owner/large"]
    files = repository.files[repository.refs["main"]]
    assert files["model.safetensors"] == content and files["inner/part.bin"] == content[:300]
    assert files["size.txt"] == b"1MB" and ".hidden" not in files
    assert repository.messages[repository.refs["main"]] == "Upload model"
    assert any(method == "PUT" for method, path in server.requests)


def test_weights_come_from_the_commit_of_the_configuration(server, tmp_path, monkeypatch):
    """Somebody pushes between the download of config.json and that of the weights."""
    config = LlamaConfig(vocab_size=32, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1)
    files = {}
    for name, value in (("first", 1.0), ("second", 2.0)):
        model = LlamaForCausalLM(config)
        with no_grad():
            model.lm_head.weight.fill_(value)
        model.save_pretrained(tmp_path / name)
        files[name] = {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
    repository = server.add("org/moving", files["first"])
    commit = repository.refs["main"]
    real = hub.cached_files

    def then_push(path, names, **kwargs):
        found = real(path, names, **kwargs)
        if "config.json" in names and repository.refs["main"] == commit:
            repository.commit("main", files["second"], "second")
        return found

    monkeypatch.setattr(hub, "cached_files", then_push)
    for auto in (AutoModelForCausalLM, LlamaForCausalLM):
        repository.refs["main"] = commit
        loaded = auto.from_pretrained("org/moving")
        assert loaded.lm_head.weight[0, 0].item() == 1.0
        assert loaded.config._commit_hash == commit
    assert AutoModelForCausalLM.from_pretrained("org/moving").lm_head.weight[0, 0].item() == 2.0


def test_proxies_of_a_model_are_refused(server, model):
    with pytest.raises(UnsupportedError, match="proxies"):
        LlamaForCausalLM.from_pretrained("org/model", proxies={"https": "http://127.0.0.1:1"})
