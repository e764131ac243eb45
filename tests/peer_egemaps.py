"""The peer of ``ivr evaluate tone``: openSMILE eGeMAPSv02 and an SVM (RBF), on the same recordings and folds.

    python tests/peer_egemaps.py ../shared/data/tone/manifest.csv [CALM.csv ...]

Installs opensmile (audEERING's research licence) and scikit-learn into a temporary environment; neither is a dependency
of this project.  Not run by the tests.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy as np

_PEER = """
import json, sys
import numpy as np, opensmile
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

data = np.load(sys.argv[1], allow_pickle=False)
smile = opensmile.Smile(
    feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals
)
ends = np.cumsum(data["lengths"])
rows = [
    smile.process_signal(data["samples"][end - length : end].astype(np.float32) / 32768, 8000).values[0]
    for end, length in zip(ends, data["lengths"])
]
rows, angry, fold, group = np.nan_to_num(np.array(rows)), data["angry"], data["fold"], data["group"]

def judge(learn, ask):
    machine = make_pipeline(StandardScaler(), SVC(kernel="rbf", class_weight="balanced"))
    return machine.fit(rows[learn], angry[learn]).decision_function(rows[ask])

within, across = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
for name in np.unique(group):
    here = group == name
    for number in np.unique(fold):
        ask = here & (fold == number)
        if ask.any():
            within[ask] = judge(here & (fold != number), ask)
    if (~here).any():
        across[here] = judge(~here, here)
json.dump({"within": within.tolist(), "across": across.tolist()}, open(sys.argv[2], "w"))
"""


def main(manifest: Path, *calm: Path) -> None:
    """Print both systems' figures, within each set (speakers unseen) and from the other sets.

    ``calm``: tables of calm speech, as for ``ivr tone fit --calm``; the peer has no use for them.
    """
    from ivr.accuracy.tone import across, cross_validated, figures, hear, read_recordings
    from ivr.speech.codec import read_wav
    from ivr.tone.fitting import folds

    recordings = read_recordings(manifest)
    labelled = hear(recordings)
    quiet = [hear(read_recordings(path)) for path in calm]
    fold = np.zeros(len(recordings), dtype=int)
    for number, left_out in enumerate(folds(labelled)):
        fold[left_out] = number
    audio = [read_wav(recording.path) for recording in recordings]
    with tempfile.TemporaryDirectory() as folder:
        venv.create(Path(folder) / "peer", with_pip=True)
        python = Path(folder) / "peer" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "opensmile", "scikit-learn"], check=True)
        data, answer = Path(folder) / "data.npz", Path(folder) / "answer.json"
        lengths = np.array([len(samples) for samples in audio])
        np.savez(
            data, samples=np.concatenate(audio), lengths=lengths, angry=labelled.angry, fold=fold, group=labelled.group
        )
        subprocess.run([python, "-c", _PEER, data, answer], check=True)
        peer = {name: np.array(score) for name, score in json.loads(answer.read_text(encoding="utf-8")).items()}
    ours = {"within": cross_validated(labelled, quiet), "across": np.full(len(recordings), np.nan)}
    for group, score in across(labelled, quiet).items():
        ours["across"][labelled.group == group] = score
    for system, scored in (("eGeMAPSv02 + SVM", peer), ("this project", ours)):
        for how, score in scored.items():
            for group in np.unique(labelled.group):
                here = labelled.group == group
                if not np.isnan(score[here]).any():
                    print(f"{system:18}{how:8}{group:12}", figures(score[here], labelled[here]))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
