"""Series, masks and figures in a scene of 3D Slicer (MRML), for its module and for the browser.

The only part of the library that imports slicer and vtk. Functions are named as Slicer names its
own, in camelCase. Voxel arrays are (K, J, I), affines lead to LPS+ as everywhere in the library;
MRML is RAS+ and the flip is in `geometry`.
"""
