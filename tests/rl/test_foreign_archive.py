"""Foreign zips are hostile until read: no planted pickle runs, and whatever is broken is refused in one sentence."""

import base64
import io
import json
import os
import pickle
import random
import resource
import struct
import tarfile
import zipfile
import zlib

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from torch import nn

from core.errors import GridlensError, NotFinite, Unreadable
from rl.foreign import archive, evaluate, load


class Payload:
    """Whoever unpickles this makes a file."""

    def __init__(self, target):
        self.target = str(target)

    def __reduce__(self):
        return os.system, (f"touch {self.target}",)


class Opened:
    """As Payload, by a builtin that no blocklist of modules like ``os`` catches."""

    def __init__(self, target):
        self.target = str(target)

    def __reduce__(self):
        return open, (self.target, "w")


PAYLOADS = (Payload, Opened)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "agent.zip"
    PPO("MlpPolicy", "CartPole-v1", seed=0, policy_kwargs={"net_arch": [8]}).save(path)
    return path


@pytest.fixture
def marker(tmp_path):
    """The file that a payload makes."""
    return tmp_path / "payload-ran"


def members(path):
    with zipfile.ZipFile(path) as held:
        return {name: held.read(name) for name in held.namelist()}


def zipped(path, contents, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as made:
        for name, content in contents.items():
            made.writestr(name, content)
    return path


def torch_bytes(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def with_policy(good, tmp_path, content):
    return zipped(tmp_path / "bad.zip", members(good) | {"policy.pth": content})


def tensors(good):
    return torch.load(io.BytesIO(members(good)["policy.pth"]), weights_only=True)


def one_sentence(caught):
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


@pytest.mark.parametrize("kind", PAYLOADS)
def test_the_payload_would_run_where_pickles_are_opened(kind, marker):
    """Or the tests below would show nothing."""
    pickle.loads(pickle.dumps(kind(marker)))
    assert marker.exists()


@pytest.mark.parametrize("kind", PAYLOADS)
@pytest.mark.parametrize("key", ["policy_class", "policy_kwargs", "lr_schedule", "observation_space", "new"])
def test_no_pickle_in_data_runs(good, tmp_path, marker, kind, key):
    data = json.loads(members(good)["data"])
    planted = data.get(key) if isinstance(data.get(key), dict) else {}
    data[key] = planted | {":serialized:": base64.b64encode(pickle.dumps(kind(marker))).decode()}
    path = zipped(tmp_path / "bad.zip", members(good) | {"data": json.dumps(data).encode()})
    assert evaluate(load(path, "CartPole-v1"), "CartPole-v1", episodes=1).returns[0] > 0
    assert not marker.exists()


@pytest.mark.parametrize("kind", PAYLOADS)
@pytest.mark.parametrize("name", ["pytorch_variables.pth", "policy.optimizer.pth", "extra.pkl"])
def test_no_pickle_in_members_that_are_not_read_runs(good, tmp_path, marker, kind, name):
    for content in (torch_bytes({"a": kind(marker)}), pickle.dumps(kind(marker))):
        path = zipped(tmp_path / "bad.zip", members(good) | {name: content})
        assert load(path, "CartPole-v1").heads["policy"] == ("left", "right")
        assert not marker.exists()


@pytest.mark.parametrize("kind", PAYLOADS)
def test_no_pickle_beside_the_zip_runs(good, tmp_path, marker, kind):
    path = zipped(tmp_path / "agent.zip", members(good))
    (tmp_path / "vecnormalize.pkl").write_bytes(pickle.dumps(kind(marker)))
    load(path, "CartPole-v1")
    data = json.loads(members(good)["data"]) | {"_last_original_obs": {":type:": "ndarray"}}
    normalised = zipped(tmp_path / "normalised.zip", members(good) | {"data": json.dumps(data).encode()})
    with pytest.raises(GridlensError, match=r"vecnormalize\.pkl"):
        load(normalised, "CartPole-v1")
    assert not marker.exists()


@pytest.mark.parametrize("kind", PAYLOADS)
@pytest.mark.parametrize("form", ["torch", "torch, old", "pickle", "beside tensors"])
def test_a_policy_that_asks_for_code_is_refused_and_not_run(good, tmp_path, marker, kind, form):
    buffer = io.BytesIO()
    if form == "torch, old":
        torch.save({"a": kind(marker)}, buffer, _use_new_zipfile_serialization=False)
    contents = {
        "torch": lambda: torch_bytes(kind(marker)),
        "torch, old": buffer.getvalue,
        "pickle": lambda: pickle.dumps(kind(marker)),
        "beside tensors": lambda: torch_bytes(dict(tensors(good)) | {"extra": kind(marker)}),
    }
    with pytest.raises(Unreadable) as caught:
        load(with_policy(good, tmp_path, contents[form]()), "CartPole-v1")
    message = one_sentence(caught)
    assert "policy.pth" in message
    if form in ("torch", "beside tensors"):
        assert ("system" if kind is Payload else "open") in message
    assert not marker.exists()


class Asks:
    """Calls something that torch's safe reader lets through."""

    def __init__(self, what, *given):
        self.what, self.given = what, given

    def __reduce__(self):
        return self.what, self.given


@pytest.mark.parametrize(
    ("what", "given"), [(bytearray, 2**36), (torch.FloatTensor, 2**40), (torch.Tensor, 2**36), (set, [1])]
)
def test_what_fills_memory_is_refused_before_it_does(good, tmp_path, what, given):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Unreadable, match=what.__name__) as caught:
        load(with_policy(good, tmp_path, torch_bytes({"a": Asks(what, given)})), "CartPole-v1")
    one_sentence(caught)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


@pytest.mark.parametrize("content", [b"\x80\x02" + b"]" * 10**6 + b".", b"\x80\x02(" * 10**6])
def test_endless_instructions_are_refused_soon(good, tmp_path, content):
    with pytest.raises(Unreadable, match="instructions") as caught:
        load(with_policy(good, tmp_path, content), "CartPole-v1")
    one_sentence(caught)


@pytest.mark.parametrize("kind", PAYLOADS)
def test_a_tar_is_not_unpacked(good, tmp_path, marker, kind):
    """Torch's oldest files were tars, which its reader once unpacked."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for name in ("../out.txt", "storages", "tensors", "pickle"):
            content = pickle.dumps(kind(marker), protocol=2)
            about = tarfile.TarInfo(name)
            about.size = len(content)
            made.addfile(about, io.BytesIO(content))
    path = with_policy(good, tmp_path, buffer.getvalue())
    before = sorted(tmp_path.parent.rglob("*"))
    with pytest.raises(Unreadable) as caught:
        load(path, "CartPole-v1")
    one_sentence(caught)
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_part_of_the_policy_that_is_there_twice_is_refused(good, tmp_path):
    buffer = io.BytesIO(members(good)["policy.pth"])
    with zipfile.ZipFile(buffer, "a") as inside:
        index = next(name for name in inside.namelist() if name.endswith("data.pkl"))
        with pytest.warns(UserWarning, match="Duplicate"):
            inside.writestr(index, pickle.dumps(1, protocol=2))
    with pytest.raises(Unreadable, match="twice"):
        load(with_policy(good, tmp_path, buffer.getvalue()), "CartPole-v1")


def test_links_pipes_and_folders_are_not_followed(good, tmp_path):
    """A member that is a link is not unpacked, so it leads nowhere; a pipe would be waited for."""
    link = zipfile.ZipInfo("policy.pth")
    link.external_attr = 0o120777 << 16
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, content in members(good).items():
            made.writestr(
                link if name == "policy.pth" else name, b"/etc/hosts" if name == "policy.pth" else content
            )
    with pytest.raises(Unreadable, match=r"policy\.pth"):
        load(path, "CartPole-v1")
    os.mkfifo(tmp_path / "pipe.zip")
    (tmp_path / "folder.zip").mkdir()
    for name in ("pipe.zip", "folder.zip"):
        with pytest.raises(Unreadable, match="no zip file"):
            load(tmp_path / name, "CartPole-v1")


def test_statistics_are_no_bomb(good, tmp_path):
    np.savez_compressed(tmp_path / "statistics.npz", mean=np.zeros(4 * 10**6), var=np.ones(4))
    assert (tmp_path / "statistics.npz").stat().st_size < 10**5
    with pytest.raises(Unreadable, match="would unpack"):
        load(good, "CartPole-v1", normalisation=tmp_path / "statistics.npz")


def test_the_environment_cannot_switch_the_safe_reader_off(good, tmp_path, marker, monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(Unreadable):
        load(with_policy(good, tmp_path, torch_bytes({"a": Payload(marker)})), "CartPole-v1")
    assert not marker.exists()


@pytest.mark.filterwarnings("ignore:.*torch.jit.*deprecated:FutureWarning")
def test_a_script_module_is_refused(good, tmp_path):
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.rand(1, 2)), buffer)
    with pytest.raises(Unreadable) as caught:
        load(with_policy(good, tmp_path, buffer.getvalue()), "CartPole-v1")
    one_sentence(caught)


HOLDS = {
    "a list": ([1, 2], "holds list"),
    "nothing": ({}, "holds dict"),
    "a number": ({"a": 1.0}, "holds float 'a'"),
    "whole numbers": ({"a": torch.ones(2, dtype=torch.int64)}, "int64"),
    "sparse": ({"a": torch.eye(3).to_sparse()}, "sparse"),
    "no memory": ({"a": torch.empty(3, device="meta")}, "meta"),
    "far too many by stride": ({"a": torch.zeros(1).expand(10**12)}, "at most"),
}


@pytest.mark.parametrize("what", HOLDS)
def test_what_is_not_plain_tensors_is_named(good, tmp_path, what):
    value, said = HOLDS[what]
    with pytest.raises(Unreadable, match=said) as caught:
        load(with_policy(good, tmp_path, torch_bytes(value)), "CartPole-v1")
    one_sentence(caught)


def test_nan_is_refused(good, tmp_path):
    held = dict(tensors(good))
    held["action_net.bias"] = torch.tensor([0.0, float("nan")])
    with pytest.raises(NotFinite, match=r"action_net\.bias"):
        load(with_policy(good, tmp_path, torch_bytes(held)), "CartPole-v1")


def test_what_is_no_whole_zip_is_refused(good, tmp_path):
    whole = good.read_bytes()
    path = tmp_path / "bad.zip"
    with pytest.raises(Unreadable, match="no zip file"):
        load(path, "CartPole-v1")
    for content, said in {
        b"": "0 bytes",
        b"not a zip": "not a zip",
        whole[: len(whole) // 2]: "cut short",
        whole[:-10]: "cut short",
    }.items():
        path.write_bytes(content)
        with pytest.raises(Unreadable, match=said) as caught:
            load(path, "CartPole-v1")
        one_sentence(caught)
    within = [len(whole) - cut for cut in range(1, len(whole), 97)]
    for size in within:  # also where a zip inside it ends, whose table of contents is whole
        path.write_bytes(whole[:size])
        with pytest.raises(Unreadable, match=r"cut short|not a zip"):
            load(path, "CartPole-v1")
    end = whole.index(members(good)["pytorch_variables.pth"]) + len(members(good)["pytorch_variables.pth"])
    path.write_bytes(whole[:end])
    with pytest.raises(Unreadable, match="cut short"):
        load(path, "CartPole-v1")
    with pytest.raises(Unreadable, match="data"):
        load(zipped(path, members(good) | {"data": b"{"}), "CartPole-v1")
    with pytest.raises(Unreadable, match="object"):
        load(zipped(path, members(good) | {"data": b"[]"}), "CartPole-v1")
    with pytest.raises(Unreadable, match="JSON"):
        load(zipped(path, members(good) | {"data": b"[" * 10**6}), "CartPole-v1")
    rest = {name: content for name, content in members(good).items() if name != "policy.pth"}
    with pytest.raises(Unreadable, match=r"no policy\.pth .*it holds data"):
        load(zipped(path, rest), "CartPole-v1")
    with pytest.raises(Unreadable, match="cut short"):
        load(with_policy(good, tmp_path, members(good)["policy.pth"][:-400]), "CartPole-v1")


def test_bombs_are_not_unpacked(good, tmp_path, monkeypatch):
    path, bomb = tmp_path / "bomb.zip", bytes(3 * archive.MIB)
    monkeypatch.setattr(archive, "LIMITS", dict(archive.LIMITS) | {"policy.pth": 2 * archive.MIB})
    for name in ("policy.pth", "_stable_baselines3_version"):
        zipped(path, members(good) | {name: bomb}, zipfile.ZIP_DEFLATED)
        assert path.stat().st_size < 2 * archive.MIB
        with pytest.raises(Unreadable, match=f"{name}.* would unpack to 3,145,728 bytes"):
            load(path, "CartPole-v1")
    inside = zipped(tmp_path / "inner.pth", {"archive/data/0": bomb}, zipfile.ZIP_DEFLATED).read_bytes()
    with pytest.raises(Unreadable, match="would unpack"):
        load(zipped(path, members(good) | {"policy.pth": inside}), "CartPole-v1")
    many = {f"{i}.txt": b"" for i in range(archive.MEMBERS)}
    with pytest.raises(Unreadable, match="members"):
        load(zipped(path, members(good) | many), "CartPole-v1")


def test_a_member_that_is_longer_than_it_says_is_not_unpacked(good, tmp_path):
    """The directory says 10 bytes, the stream holds more: the reader stops, and the checksum tells."""
    path = zipped(tmp_path / "bad.zip", members(good), zipfile.ZIP_DEFLATED)
    whole = bytearray(path.read_bytes())
    at = whole.rindex(b"PK\x01\x02", 0, whole.rindex(b"policy.pth"))
    assert struct.unpack_from("<I", whole, at + 24)[0] > 10
    struct.pack_into("<I", whole, at + 24, 10)
    path.write_bytes(whole)
    with pytest.raises(Unreadable):
        load(path, "CartPole-v1")


@pytest.mark.parametrize(
    "name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "..\\out.txt", "C:\\out.txt"]
)
def test_names_that_point_outside_are_refused_and_nothing_is_written(good, tmp_path, name):
    path = zipped(tmp_path / "bad.zip", members(good) | {name: b"x"})
    before = sorted(tmp_path.parent.rglob("*"))
    with pytest.raises(Unreadable, match="outside"):
        load(path, "CartPole-v1")
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_name_used_twice_is_refused(good, tmp_path):
    path = zipped(tmp_path / "bad.zip", members(good))
    with zipfile.ZipFile(path, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
        opened.writestr("policy.pth", b"another")
    with pytest.raises(Unreadable, match="twice"):
        load(path, "CartPole-v1")


def test_an_encrypted_member_is_refused(good, tmp_path):
    path = zipped(tmp_path / "bad.zip", members(good))
    whole = bytearray(path.read_bytes())
    at = whole.rindex(b"PK\x01\x02", 0, whole.rindex(b"policy.pth"))
    struct.pack_into("<H", whole, at + 8, 1)
    path.write_bytes(whole)
    with pytest.raises(Unreadable, match="encrypted"):
        load(path, "CartPole-v1")


def test_damaged_zips_are_refused_in_one_sentence_or_read_whole(good, tmp_path):
    """Bytes changed at random, in the zip and in the policy with its checksum mended: never another kind of error."""
    rng, whole, policy = random.Random(0), good.read_bytes(), members(good)["policy.pth"]
    path, refused = tmp_path / "bad.zip", 0
    for trial in range(300):
        if trial % 2:
            path.write_bytes(changed(whole, rng))
        else:
            with_policy(good, tmp_path, changed(policy, rng))
        refused += is_refused(path)
    assert refused > 100


def test_damaged_instructions_are_refused_in_one_sentence_or_read_whole(good, tmp_path):
    """The tensors' own index is changed, and all checksums are mended: torch's reader meets nonsense."""
    rng, inner = random.Random(1), members(good)["policy.pth"]
    with zipfile.ZipFile(io.BytesIO(inner)) as held:
        parts = {name: held.read(name) for name in held.namelist()}
    index = next(name for name in parts if name.endswith("data.pkl"))
    for _ in range(200):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as made:
            for name, content in parts.items():
                made.writestr(name, changed(content, rng) if name == index else content)
        is_refused(with_policy(good, tmp_path, buffer.getvalue()))


def is_refused(path):
    message = ""
    try:
        load(path, "CartPole-v1")
    except GridlensError as error:
        message = str(error)
    assert "\n" not in message
    return message != ""


def changed(content, rng):
    damaged = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    return bytes(damaged)


def test_the_arrays_of_statistics_are_no_pickles(good, tmp_path, marker):
    data = json.loads(members(good)["data"])
    path = zipped(tmp_path / "agent.zip", members(good) | {"data": json.dumps(data).encode()})
    odd = np.empty(1, object)
    odd[0] = Payload(marker)
    np.savez(tmp_path / "statistics.npz", mean=odd, var=np.ones(4))
    with pytest.raises(Unreadable):
        load(path, "CartPole-v1", normalisation=tmp_path / "statistics.npz")
    assert not marker.exists()


def test_the_checksum_of_a_zip_is_looked_at(good, tmp_path):
    contents = members(good)
    path = zipped(tmp_path / "bad.zip", contents)
    whole = bytearray(path.read_bytes())
    at = whole.index(contents["policy.pth"]) + len(contents["policy.pth"]) // 2
    whole[at] ^= 255
    path.write_bytes(whole)
    assert zlib.crc32(contents["policy.pth"])
    with pytest.raises(Unreadable, match="cut short or damaged"):
        load(path, "CartPole-v1")
