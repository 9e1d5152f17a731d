"""When which version reached which hosts."""

from effnb.sources.rollouts._files import FileRollouts
from effnb.sources.rollouts._github import GitHubDeployments
from effnb.sources.rollouts._kubernetes import KubernetesRollouts

__all__ = ["FileRollouts", "GitHubDeployments", "KubernetesRollouts"]
