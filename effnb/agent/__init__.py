"""The loop that runs skills: a playbook, a language model or both decide; the driver keeps the transcript."""

from effnb.agent._brain import Brain
from effnb.agent._chat import Conversation
from effnb.agent._export import export_jsonl
from effnb.agent._model import PlaybookModel
from effnb.agent._run import Run
from effnb.agent._start import load_transcript, resume_run, start_run
from effnb.agent._toolset import AgentTools

__all__ = [
    "AgentTools",
    "Brain",
    "Conversation",
    "PlaybookModel",
    "Run",
    "export_jsonl",
    "load_transcript",
    "resume_run",
    "start_run",
]
