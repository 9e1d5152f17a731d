"""The loop that runs skills: a playbook in the place of a language model, and a driver that keeps the transcript."""

from effnb.agent._export import export_jsonl
from effnb.agent._model import PlaybookModel
from effnb.agent._run import Run
from effnb.agent._start import load_transcript, resume_run, start_run
from effnb.agent._toolset import agent_toolset

__all__ = [
    "PlaybookModel",
    "Run",
    "agent_toolset",
    "export_jsonl",
    "load_transcript",
    "resume_run",
    "start_run",
]
