"""What a run remembers of its machine."""

import pytest

from scenarios import facts

X86 = """
processor	: 0
vendor_id	: GenuineIntel
model		: 85
model name	: Some(R)  CPU @ 2.00GHz

model name	: Other
"""
ARM = """
processor	: 0
BogoMIPS	: 50.00
CPU implementer	: 0x41
CPU architecture: 8
CPU part	: 0xd0c
Serial		: 123
"""


@pytest.mark.parametrize(
    ("cpuinfo", "model"), [(X86, "Some(R) CPU @ 2.00GHz"), (ARM, "0x41 0xd0c"), ("", ""), ("model name\t:\n", "")]
)
def test_the_model_of_a_processor(cpuinfo: str, model: str) -> None:
    """In a field of its own or by two numbers; nothing where it is not told, and never a serial number."""
    assert facts.cpu_model(cpuinfo) == model


def test_a_system_that_does_not_tell(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """The rest is told all the same."""
    monkeypatch.setattr(facts, "_CPUINFO", tmp_path / "cpuinfo")
    assert set(facts.machine()) == {"system", "processor", "cores", "memory_gib"}
    (tmp_path / "cpuinfo").write_text(X86)
    assert facts.machine()["cpu_model"] == "Some(R) CPU @ 2.00GHz"
