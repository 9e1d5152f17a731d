"""The loop that runs skills: a playbook, a language model or both decide; the driver keeps the transcript."""

from effnb.agent._brain import Brain
from effnb.agent._chat import Conversation
from effnb.agent._export import export_jsonl
from effnb.agent._model import PlaybookModel
from effnb.agent._run import Run
from effnb.agent._start import load_transcript, resume_run, start_run
from effnb.agent._toolset import agent_toolset

__all__ = [
    "Brain",
    "Conversation",
    "PlaybookModel",
    "Run",
    "agent_toolset",
    "export_jsonl",
    "load_transcript",
    "resume_run",
    "start_run",
]
