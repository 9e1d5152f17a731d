from __future__ import annotations

import pytest
from shop_fix import AT, NEW, OLD, diff_of, fix_for, run_git

from effnb.deliver import apply_fix, is_applied, touched_paths, undo_fix
from effnb.errors import DeliveryError


def left_over(folder):
    return [path.name for path in folder.rglob(".effnb-tmp-*")]


def test_a_fix_is_applied_and_taken_back(repository, fix):
    target = repository / "shop" / "text.py"
    target.chmod(0o755)
    done = apply_fix(fix, repository, at=AT)
    assert target.read_text() == NEW
    assert target.stat().st_mode & 0o777 == 0o755
    assert [one.path for one in done.files] == ["shop/text.py"]
    assert is_applied(fix, repository)
    undone = undo_fix(fix, repository, at=AT)
    assert target.read_text() == OLD
    assert (undone.state, undone.files[0].after) == ("undone", done.files[0].before)
    assert run_git(repository, "status", "--porcelain").strip() in ("", "M shop/text.py")
    assert left_over(repository) == []


def test_a_second_application_is_refused_and_changes_nothing(repository, fix):
    apply_fix(fix, repository, at=AT)
    with pytest.raises(DeliveryError, match="is applied already"):
        apply_fix(fix, repository, at=AT)
    assert (repository / "shop" / "text.py").read_text() == NEW


def test_undoing_what_is_not_applied_is_refused(repository, fix):
    with pytest.raises(DeliveryError, match="is not applied"):
        undo_fix(fix, repository, at=AT)


def test_a_file_edited_since_the_base_is_left_alone(repository, fix):
    edited = OLD + "\n\nEXTRA = 1\n"
    (repository / "shop" / "text.py").write_text(edited)
    with pytest.raises(DeliveryError, match=r"shop/text\.py differs from commit [0-9a-f]{12}"):
        apply_fix(fix, repository, at=AT)
    assert (repository / "shop" / "text.py").read_text() == edited


def test_other_dirty_files_do_not_matter(repository, fix):
    (repository / "README.md").write_text("edited\n")
    apply_fix(fix, repository, at=AT)
    assert (repository / "README.md").read_text() == "edited\n"


def test_edits_elsewhere_survive_an_undo(repository, fix):
    apply_fix(fix, repository, at=AT)
    path = repository / "shop" / "text.py"
    path.write_text(path.read_text() + "\n\nEXTRA = 1\n")
    undo_fix(fix, repository, at=AT)
    assert path.read_text() == OLD + "\n\nEXTRA = 1\n"


def test_an_undo_over_edited_lines_is_refused(repository, fix):
    apply_fix(fix, repository, at=AT)
    path = repository / "shop" / "text.py"
    path.write_text(path.read_text().replace("_WORDS", "_TOKENS"))
    with pytest.raises(DeliveryError, match="its lines were edited since"):
        undo_fix(fix, repository, at=AT)


def test_line_ends_of_the_checkout_are_kept(tmp_path):
    old, new = OLD.replace("\n", "\r\n"), NEW.replace("\n", "\r\n")
    (tmp_path / "text.py").write_bytes(b"\xef\xbb\xbf" + old.encode())
    fix = fix_for("", "\ufeff" + old, "\ufeff" + new, "text.py")
    apply_fix(fix, tmp_path, at=AT)
    assert (tmp_path / "text.py").read_bytes() == b"\xef\xbb\xbf" + new.encode()
    undo_fix(fix, tmp_path, at=AT)
    assert (tmp_path / "text.py").read_bytes() == b"\xef\xbb\xbf" + old.encode()


def test_a_folder_without_git_is_fine(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "text.py").write_text(OLD)
    apply_fix(fix_for(""), tmp_path, at=AT)
    assert (tmp_path / "shop" / "text.py").read_text() == NEW


@pytest.mark.parametrize("path", ["../outside.py", "/etc/outside.py", ".git/config", "a/../../outside.py"])
def test_paths_outside_the_folder_are_refused(tmp_path, path):
    diff = (
        f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n"
        if not path.startswith("/")
        else (f"--- {path}\n+++ {path}\n@@ -1 +1 @@\n-a\n+b\n")
    )
    with pytest.raises(DeliveryError, match="outside the folder"):
        touched_paths(diff)


def test_links_are_not_followed(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (tmp_path / "secret.py").write_text(OLD)
    (folder / "text.py").symlink_to(tmp_path / "secret.py")
    with pytest.raises(DeliveryError, match="symbolic link"):
        apply_fix(fix_for("", path="text.py"), folder, at=AT)
    assert (tmp_path / "secret.py").read_text() == OLD


def test_of_two_files_none_is_changed_when_one_does_not_fit(repository, fix):
    (repository / "other.py").write_text("different = 1\n")
    two = fix.model_copy(update={"base": "", "diff": fix.diff + diff_of("a = 1\n", "a = 2\n", "other.py")})
    with pytest.raises(DeliveryError, match="does not fit"):
        apply_fix(two, repository, at=AT)
    assert (repository / "shop" / "text.py").read_text() == OLD
    assert left_over(repository) == []
