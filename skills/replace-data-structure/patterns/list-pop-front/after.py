from collections import deque


def order(graph: dict[str, list[str]], start: str) -> list[str]:
    """Nodes in the order of their distance."""
    ready: deque[str] = deque([start])
    done = []
    while ready:
        node = ready.popleft()
        done.append(node)
        for follower in graph.get(node, ()):
            if follower not in ready:
                ready.append(follower)
    return done
