"""A host in which Slicer's scripted modules run offscreen: real MRML and real Qt, no Slicer.

Real: MRML, its logics, the segment editor's logic, the slice views' pipeline and segment outlines
(all slicer-core), ``slicer.util`` (slicer-core), Qt (PySide6), the .ui loader. Stand-ins with
Slicer's names: ``qt``, ``ctk``, the qMRML widgets, ``slicer.app``, ``slicer.dicomDatabase``,
``DICOMLib``, ``SampleData``, and in ``stand_ins/slicer`` ``ScriptedLoadableModule``,
``parameterNodeWrapper`` and ``i18n``. With SLICER_PYTHON_SOURCES set to the folder
``Base/Python/slicer`` of Slicer's sources, those three come from there instead; never put
``Base/Python`` on PYTHONPATH (slicer-core imports every module of every ``slicer`` folder there).

The module is written for Slicer and the host imitates it. Where PySide6 would hide an error that
Slicer's PythonQt would show, or would only print, the host raises:

* Qt properties are attributes: ``label.text()`` fails, ``label.text = None`` and setting a
  read-only property fail; a new attribute on a C++ object fails (on a Python subclass it may).
* ``connect("signal(args)", slot)`` with a signature that does not exist fails (Slicer warns and
  never calls the slot). Slots get as many arguments as they name; ``clicked(bool)`` passes False.
* Keyword arguments and path objects to Qt functions fail.
* Enums are ints; scoped enums (``qt.Qt.AlignmentFlag.AlignLeft``) are found in the source.
* What a process or file returns is a QByteArray: only ``.data()`` gives bytes.
* ``qt.QFileDialog`` and ``qt.QInputDialog`` return the text alone, not PySide6's tuple.
* A modal dialog nobody announced fails, rather than waits.
* Errors in slots and observers fail the test afterwards (Slicer prints them).
* A wrapped parameter node reads its values when the node says that it has changed; its connection
  to widgets leaves an observer behind, as in 5.10; combo boxes are filled item by item.
* ``PythonSlicer`` is a launcher with the real Python behind it: an empty argument prints its help
  behind the program's output, and a signal that ends the program becomes the exit code 1.
* A layout that nobody has registered is an error, also when a scene brings it.
* A DICOM plugin has three tags until it adds more; Sample Data's functions call no
  ``customDownloader``, only its buttons do.
* A table view with a scene is empty after each load or close.
* Widgets of a .ui file have a scene only if the file connects them or the module sets it; a widget
  class the host does not know is an error.
* The segment editor needs its parameter node and segmentation before a source volume, which it
  puts into all slice views unless ``autoShowSourceVolumeNode`` is off; its shortcuts exist only
  while installed, and two with the same keys block each other.
* Nothing is downloaded.

Not imitated: 3-D views, mouse interaction in slice views, effects other than Paint, Draw and Erase,
developer mode's menus, translation files, ``slicer.packaging`` (as in Slicer 5.10), ``Union``,
``dict`` and ``tuple`` parameters of the stand-in wrapper.
"""

import os
import sys

# Enums that are ints, as in PythonQt; PySide6 reads this when it is first imported.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.pyside63_option_python_enum = sys.pyside6_option_python_enum = 0x02 | 0x04 | 0x08
