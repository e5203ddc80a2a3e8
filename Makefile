# make demo   simulate a DSC series with a tumour, segment it, leave the results in demo-output/
# make test   install what the tests need and run them all
# make lint   ruff
# make benchmark DATA=FOLDER   agreement with reference masks, beside dipy and nilearn

PYTHON ?= python3
DATA ?= ../shared/data/dev
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: demo test lint benchmark clean

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

# A stamp says that the extra of that name is installed from the present pyproject.toml.
$(VENV)/%.stamp: pyproject.toml | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) demo-output benchmark-output
