# make demo   simulate a DSC series with a tumour, segment it, leave the results in demo-output/
# make test   install what the tests need and run them all
# make lint   ruff
# make benchmark DATA=FOLDER   agreement with reference masks, beside dipy and nilearn
# make peers LABELMAPS=FOLDER DATA=FOLDER   our methods beside other tools; may be stopped and resumed

PYTHON ?= python3
DATA ?= ../shared/data/dev
LABELMAPS ?= ../shared/data/labelmaps
PEERS_OPTIONS ?=
VENV := .venv
RUN := $(VENV)/bin/python
PEERS_VENV := .venv-peers

.PHONY: demo test lint benchmark peers clean

demo: $(VENV)/demo.stamp
	$(RUN) -m DSCBrainSegLib simulate demo-output --overwrite
	$(RUN) -m DSCBrainSegLib segment demo-output/dicom -o demo-output --overwrite
	$(RUN) -m DSCBrainSegLib.evaluation.against_truth demo-output/mask.nii.gz demo-output/truth/mask.nii.gz
	@echo "Open demo-output/report.html"

# Slicer's views draw with Mesa, which does not bear TensorFlow in the same process.
test: $(VENV)/test.stamp
	$(RUN) -m pytest --ignore-glob="*/test_slicer_*"
	$(RUN) -m pytest Testing/test_slicer_*.py

lint: $(VENV)/test.stamp
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

benchmark: $(VENV)/peers.stamp
	$(RUN) -m DSCBrainSegLib evaluate "$(DATA)" -o benchmark-output --overwrite \
		--methods network,otsu,otsu-post,aabl,cusum,dipy,nilearn

peers: $(PEERS_VENV)/peers.stamp
	$(PEERS_VENV)/bin/python -m DSCBrainSegLib.evaluation.peer_run -o peers-output \
		--data "$(DATA)" --label-maps "$(LABELMAPS)" $(PEERS_OPTIONS)

$(PEERS_VENV)/peers.stamp: pyproject.toml Testing/benchmarks/peers-requirements.txt
	$(PYTHON) -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/python -m pip install --quiet --editable ".[peers]" \
		--extra-index-url https://download.pytorch.org/whl/cpu \
		--requirement Testing/benchmarks/peers-requirements.txt
	$(PEERS_VENV)/bin/python -m pip install --quiet --no-deps "deepbet>=1.0.2"
	@touch $@

# A stamp says that the extra of that name is installed from the present pyproject.toml.
$(VENV)/%.stamp: pyproject.toml | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) $(PEERS_VENV) demo-output benchmark-output peers-output
