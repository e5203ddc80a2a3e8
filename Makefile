# make demo   simulate a DSC series with a tumour, segment it, leave the results in demo-output/
# make review RESULT=FOLDER   open a result, a series or a cohort in the browser
# make test   install what the tests need and run them all
# make lint   ruff, mypy on the public modules, docs/api.md up to date
# make wheel  build wheel and sdist and test them in a clean environment
# make benchmark DATA=FOLDER   agreement with reference masks, beside dipy and nilearn
# make peers LABELMAPS="FOLDER FOLDER" DATA=FOLDER   our methods beside other tools; may be stopped and resumed

PYTHON ?= python3
DATA ?= ../shared/data/dev
LABELMAPS ?= ../shared/data/labelmaps ../shared/data/brainweb
PEERS_OPTIONS ?=
RESULT ?= demo-output
# One environment to use it (demo, review). The module's tests need another slicer-core than
# trame-slicer, so most tests have an environment of their own; so have the peers, for their size.
VENV := .venv
TEST_VENV := .venv-test
PEERS_VENV := .venv-peers
RUN := $(VENV)/bin/python
TEST := $(TEST_VENV)/bin/python
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-review lint wheel benchmark peers review clean

demo: $(VENV)/demo.stamp
	$(RUN) -m DSCBrainSegLib simulate -o demo-output --overwrite
	$(RUN) -m DSCBrainSegLib segment demo-output/dicom -o demo-output --overwrite
	$(RUN) -m DSCBrainSegLib agreement demo-output/mask.nii.gz demo-output/truth/mask.nii.gz \
		--lesion demo-output/truth/tumour.nii.gz
	@echo "Open demo-output/report.html, or edit the mask in the browser with Slicer's views and editor:"
	@echo "  make review RESULT=demo-output"

review: $(VENV)/demo.stamp $(VENV)/review.stamp
	$(RUN) -m DSCBrainSegLib review "$(RESULT)"

# Slicer's views draw with Mesa, which does not bear TensorFlow (training) in the same process.
test: $(TEST_VENV)/test.stamp test-review
	$(TEST) -m pytest --ignore=Testing/slicer_host --ignore=Testing/slicer_module --ignore=Testing/review
	$(TEST) -m pytest Testing/slicer_host Testing/slicer_module

test-review: $(VENV)/demo.stamp $(VENV)/review-test.stamp
	$(RUN) -m pytest Testing/review

lint: $(TEST_VENV)/test.stamp
	$(TEST) -m ruff check .
	$(TEST) -m ruff format --check .
	$(TEST) -m mypy
	$(TEST) docs/make_api.py --check

wheel:
	PYTHON="$(PYTHON)" .ci/wheel

benchmark: $(TEST_VENV)/peers.stamp
	$(TEST) -m DSCBrainSegLib evaluate "$(DATA)" -o benchmark-output --overwrite \
		--methods network,otsu,otsu-post,aabl,cusum,dipy,nilearn

peers: $(PEERS_VENV)/peers.stamp
	$(PEERS_VENV)/bin/python -m DSCBrainSegLib peers -o peers-output \
		--data "$(DATA)" $(LABELMAPS:%=--label-maps "%") $(PEERS_OPTIONS)

# PyTorch without CUDA where its own index can be reached, else what PyPI has.
$(PEERS_VENV)/peers.stamp: pyproject.toml Testing/benchmarks/peers-requirements.txt
	$(PYTHON) -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/python -m pip install --quiet --editable ".[peers]" --retries 1 \
		--extra-index-url https://download.pytorch.org/whl/cpu \
		--requirement Testing/benchmarks/peers-requirements.txt
	$(PEERS_VENV)/bin/python -m pip install --quiet --no-deps "deepbet>=1.0.2"
	@touch $@

# Of nilearn only the files of the MNI152 brain are read: what it imports is not needed.
$(VENV)/demo.stamp: pyproject.toml | $(VENV)/bin/python
	$(RUN) $(PIP_INSTALL) --editable .
	$(RUN) $(PIP_INSTALL) --no-deps "nilearn>=0.10"
	@touch $@

# A stamp says that the extra of that name is installed from the present pyproject.toml.
$(VENV)/%.stamp: pyproject.toml | $(VENV)/bin/python
	$(RUN) $(PIP_INSTALL) --editable ".[$*]"
	@touch $@

$(TEST_VENV)/%.stamp: pyproject.toml | $(TEST_VENV)/bin/python
	$(TEST) $(PIP_INSTALL) --editable ".[$*]"
	@touch $@

# Else make removes the environment's python as a by-product.
.PRECIOUS: %/bin/python

%/bin/python:
	$(PYTHON) -m venv $*

clean:
	rm -rf $(VENV) $(TEST_VENV) $(PEERS_VENV) demo-output benchmark-output peers-output
