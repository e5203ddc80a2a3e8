"""The panel's form: explained, usable by keyboard, translatable; its help leads to the tutorial."""

import ast
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from places import REPOSITORY
from slicer_module_panel import MODULE, add_series, choose_method, open_panel, segment_and_wait

FORM = MODULE.parent / "Resources" / "UI" / "DSCBrainSeg.ui"
NOT_USED_BY_HAND = ("QLabel", "QProgressBar", "qMRMLWidget", "ctkCollapsibleButton")
EXPLAINED_BY_SLICER = ("qMRMLSegmentEditorWidget",)
NOT_WORDS_TO_READ = ("import os, runpy", "<", '"><', "The DSCBrainSeg authors", "Test passed")
NAMES_IN_SLICER = ("DSC Brain Segmentation", "DSC phantom")


def properties(widget):
    """Return {name: text} of a widget of the form."""
    return {
        each.get("name"): "".join(each.itertext()).strip() for each in widget.findall("property")
    }


def widgets():
    return list(ElementTree.parse(FORM).getroot().iter("widget"))


def by_hand():
    """Return the names of what a user can act on, in the form's order."""
    left_out = NOT_USED_BY_HAND + EXPLAINED_BY_SLICER
    return [each.get("name") for each in widgets() if each.get("class") not in left_out]


def sources():
    """Return the module's files but the self-test, whose log is for the authors."""
    panel = (MODULE.parent / "DSCBrainSegPanel").glob("*.py")
    return [MODULE, *sorted(path for path in panel if path.name != "self_test.py")]


def test_whatever_can_be_used_says_what_it_does():
    told = {each.get("name"): properties(each).get("toolTip", "") for each in widgets()}
    tips = [told[name] for name in by_hand()]
    assert len(tips) > 30 and min(map(len, tips)) > 12
    assert len(tips) == len(set(tips))


def test_labels_belong_to_what_they_name():
    """Screen readers read them, and names stay beside their fields in translations."""
    labels = {
        each.get("name"): properties(each) for each in widgets() if each.get("class") == "QLabel"
    }
    named = {name: label["buddy"] for name, label in labels.items() if label["text"]}
    assert all(label["text"].endswith(":") for label in labels.values() if label["text"])
    assert set(named.values()) < set(by_hand()) and len(set(named.values())) == len(named) == 15


def test_the_tab_key_goes_down_the_panel(clean_scene):
    panel = open_panel(clean_scene)
    first = panel.ui.dicomTree
    names, widget = [], first
    while True:
        names.append(widget.objectName)
        widget = widget.nextInFocusChain()
        if widget is first:
            break
    found = [name for name in names if name in by_hand()]
    assert found == by_hand()


def test_slices_and_subjects_are_chosen_by_keyboard(clean_scene, monkeypatch):
    import qt

    panel = open_panel(clean_scene)
    section, seen = panel.groundTruthSection, []
    monkeypatch.setattr(section.nifti, "then", lambda action: seen.append("opened"))
    section._subjects = ["a"]
    panel.ui.subjectsList.addItem("to draw: a")
    panel.ui.subjectsList.setCurrentRow(0)
    item = panel.ui.subjectsList.item(0)
    panel.ui.subjectsList.itemActivated.emit(item)
    assert seen == ["opened"]
    nodes = add_series()
    panel.ui.inputSelector.setCurrentNode(nodes.volume)
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    item = qt.QListWidgetItem("Slice 3")
    item.setData(qt.Qt.UserRole, 2)
    panel.ui.slicesList.addItem(item)
    import slicer

    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    red.SetOrientationToAxial()
    panel.ui.slicesList.itemActivated.emit(item)
    assert red.GetSliceOffset() == pytest.approx(-30 + 2 * 5, abs=2.6)


def test_every_sentence_can_be_translated():
    """``_()`` takes plain text only, which Qt's lupdate can collect; no sentence is outside it."""
    outside = []
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "translate"):
                text = node.args[-1]
                assert isinstance(text, ast.Constant) and isinstance(text.value, str), (
                    f"{path.name}:{node.lineno} translates something that is no plain text"
                )
                known.add(id(text))
            elif isinstance(node, ast.Expr):  # documentation
                known.add(id(node.value))
        outside += [
            f"{path.name}:{node.lineno} {node.value!r}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in known
            and re.search("[A-Za-z]{2} [A-Za-z]{2}", node.value)
            and not node.value.startswith(NOT_WORDS_TO_READ + NAMES_IN_SLICER)
        ]
    assert outside == []


def test_texts_are_translated_in_the_context_of_their_file(clean_scene, monkeypatch):
    """Slicer's context of a file in a package is the package's name and the file's."""
    import slicer

    monkeypatch.setattr(
        type(slicer.app), "translate", lambda app, context, text: f"<{context}> {text}"
    )
    clean_scene.load_module(MODULE)
    assert slicer.modules.dscbrainseg.title == "<DSCBrainSeg> DSC Brain Segmentation"
    assert slicer.modules.dscbrainseg.categories == ["<qSlicerAbstractCoreModule> Segmentation"]
    panel = open_panel(clean_scene)
    section = "<DSCBrainSegPanel.segment_section> "
    assert panel.ui.segmentButton.text == section + "Segment"
    panel.ui.inputSelector.setCurrentNode(add_series().volume)
    assert panel.ui.seriesLabel.text.startswith(section + "8 time points, 12 slices")
    assert panel.ui.frameBox.itemText(0) == "<DSCBrainSegPanel.parameters> 4th time point"
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    assert panel.ui.segmentStatusLabel.text.startswith(section + "Brain volume")
    assert panel.ui.startDrawingButton.enabled


def test_the_help_says_what_it_is_for_and_leads_to_the_tutorial(clean_scene):
    module = clean_scene.load_module(MODULE)
    assert "not a medical device" in module.helpText
    assert "Alkhimova" in module.acknowledgementText
    (link,) = re.findall(r'<a href="([^"]+)">', module.helpText)
    address, anchor = link.split("#")
    home = json.loads((REPOSITORY / "DSCBrainSeg.json").read_text())["scm_url"]
    page = REPOSITORY / address.removeprefix(f"{home}/blob/main/")
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
    assert not module.icon.isNull()


def test_the_extension_names_its_picture_and_icon_that_exist():
    text = (REPOSITORY / "CMakeLists.txt").read_text()
    home = json.loads((REPOSITORY / "DSCBrainSeg.json").read_text())["scm_url"]
    raw = home.replace("github.com", "raw.githubusercontent.com") + "/main/"
    assert f'EXTENSION_HOMEPAGE "{home}"' in text
    for name in ("EXTENSION_ICONURL", "EXTENSION_SCREENSHOTURLS"):
        (address,) = re.findall(rf'set\({name} "([^"]+)"\)', text)
        assert address.startswith(raw) and Path(REPOSITORY, address.removeprefix(raw)).is_file()
