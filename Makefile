# make demo   simulate a DSC series with a tumour, segment it, leave the results in demo-output/
# make test   install what the tests need and run them all
# make review RESULT=FOLDER   open a result, a series or a cohort in the browser
# make lint   ruff, mypy on the public modules, docs/api.md up to date
# make benchmark DATA=FOLDER   agreement with reference masks, beside dipy and nilearn
# make peers LABELMAPS=FOLDER DATA=FOLDER   our methods beside other tools; may be stopped and resumed

PYTHON ?= python3
DATA ?= ../shared/data/dev
LABELMAPS ?= ../shared/data/labelmaps
PEERS_OPTIONS ?=
RESULT ?= demo-output
VENV := .venv
RUN := $(VENV)/bin/python
PEERS_VENV := .venv-peers
REVIEW_VENV := .venv-review

.PHONY: demo test test-review lint benchmark peers review clean

demo: $(VENV)/demo.stamp
	$(RUN) -m DSCBrainSegLib simulate demo-output --overwrite
	$(RUN) -m DSCBrainSegLib segment demo-output/dicom -o demo-output --overwrite
	$(RUN) -m DSCBrainSegLib agreement demo-output/mask.nii.gz demo-output/truth/mask.nii.gz
	@echo "Open demo-output/report.html, or edit the mask in the browser with Slicer's views and editor:"
	@echo "  make review RESULT=demo-output"

# Slicer's views draw with Mesa, which does not bear TensorFlow in the same process.
test: $(VENV)/test.stamp test-review
	$(RUN) -m pytest --ignore=Testing/slicer_host --ignore=Testing/slicer_module --ignore=Testing/review
	$(RUN) -m pytest Testing/slicer_host Testing/slicer_module

# In an environment of its own: trame-slicer wants another slicer-core than the module's tests.
test-review: $(REVIEW_VENV)/review-test.stamp
	$(REVIEW_VENV)/bin/python -m pytest Testing/review

review: $(REVIEW_VENV)/review-test.stamp
	$(REVIEW_VENV)/bin/python -m DSCBrainSegLib review "$(RESULT)"

$(REVIEW_VENV)/%.stamp: pyproject.toml
	$(PYTHON) -m venv $(REVIEW_VENV)
	$(REVIEW_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

lint: $(VENV)/test.stamp
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) docs/make_api.py --check

benchmark: $(VENV)/peers.stamp
	$(RUN) -m DSCBrainSegLib evaluate "$(DATA)" -o benchmark-output --overwrite \
		--methods network,otsu,otsu-post,aabl,cusum,dipy,nilearn

peers: $(PEERS_VENV)/peers.stamp
	$(PEERS_VENV)/bin/python -m DSCBrainSegLib peers -o peers-output \
		--data "$(DATA)" --label-maps "$(LABELMAPS)" $(PEERS_OPTIONS)

# PyTorch without CUDA where its own index can be reached, else what PyPI has.
$(PEERS_VENV)/peers.stamp: pyproject.toml Testing/benchmarks/peers-requirements.txt
	$(PYTHON) -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/python -m pip install --quiet --editable ".[peers]" --retries 1 \
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
	rm -rf $(VENV) $(PEERS_VENV) $(REVIEW_VENV) demo-output benchmark-output peers-output
