"""Stand-in for Slicer's ``SampleData``: registration, and loading from file addresses."""

import os

import slicer


class SampleDataSource:
    """One data set that a module offers."""

    def __init__(self, **values):
        self.__dict__.update(values)


class SampleDataLogic:
    """What modules call at start-up and users by name."""

    @staticmethod
    def registerCustomSampleDataSource(
        category="Custom",
        sampleName=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileType=None,
        loadFiles=None,
        loadFileProperties=None,
        checksums=None,
        sampleDataDescription=None,
    ):
        if sampleName is None:
            raise ValueError("sampleName is needed")
        if thumbnailFileName and not os.path.isfile(thumbnailFileName):
            raise FileNotFoundError(thumbnailFileName)
        values = {key: value for key, value in locals().items() if key != "category"}
        sources = slicer.modules.sampleDataSources.setdefault(category, [])
        sources.append(SampleDataSource(**values))

    def sourceForSampleName(self, sampleName):
        for sources in slicer.modules.sampleDataSources.values():
            for source in sources:
                if source.sampleName == sampleName:
                    return source
        return None

    def downloadSamples(self, sampleName):
        source = self.sourceForSampleName(sampleName)
        if source is None:
            raise ValueError(f"there is no sample data {sampleName}")
        return self.downloadFromSource(source)

    def downloadSample(self, sampleName):
        nodes = self.downloadSamples(sampleName)
        return nodes[0] if isinstance(nodes, list) else nodes

    def downloadFromSource(self, source):
        """Load a source's files; only its button calls a ``customDownloader``."""
        uris = [source.uris] if isinstance(source.uris, str) else source.uris
        nodes = []
        for uri in uris:
            if not uri.startswith("file:"):
                raise AssertionError(f"a test must not download: {uri}")
            nodes.append(slicer.util.loadNodeFromFile(uri.removeprefix("file://")))
        return nodes


def downloadSample(sampleName):
    return SampleDataLogic().downloadSample(sampleName)


def downloadSamples(sampleName):
    return SampleDataLogic().downloadSamples(sampleName)
