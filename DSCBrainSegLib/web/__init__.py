"""Review in the browser: 3D Slicer's views and segment editor as a page, without Slicer.

The only part of the library that uses trame and trame-slicer; scene and masks are reached through
`mrml`, states and files of a cohort through `cohort`, methods through `worker`.
"""
