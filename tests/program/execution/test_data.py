import pytest

from program.execution.data import find_missing_data


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("open('data/train.csv')", ["data/train.csv"]),
        ("open('./data/train.csv', 'rb')", ["data/train.csv"]),
        ("pd.read_csv('train.csv')", ["train.csv"]),
        ("np.load(Path('data') / 'x.npy')", ["data/x.npy"]),
        ("np.load(os.path.join('data', 'x.npy'))", ["data/x.npy"]),
        ("Path('data/x.json').read_text()", ["data/x.json"]),
        ("with Path('data/x.json').open() as f: pass", ["data/x.json"]),
        ("load_dataset('imdb')", ["load_dataset('imdb'), fetched from the network"]),
        ("datasets.MNIST('data', download=True)", ["MNIST(), fetched from the network"]),
        ("fetch_openml('mnist_784')", ["fetch_openml('mnist_784'), fetched from the network"]),
        ("AutoModel.from_pretrained('gpt2')", ["from_pretrained('gpt2'), fetched from the network"]),
        # not missing: it writes, makes them itself, or nobody can tell
        ("open('results/out.csv', 'w')", []),
        ("open('results/out.csv', mode='a')", []),
        ("Path('out.json').open('w')", []),
        ("df.to_csv('a.csv')\npd.read_csv('a.csv')", []),
        ("Path('a.json').write_text('{}')\nopen('a.json')", []),
        ("open(name)", []),
        ("json.load(file)", []),
        ("open('there.csv')", []),
        ("open('folder/there.npy')", []),
        ("open('module.py')", []),
        ("AutoModel.from_pretrained('./local')", []),
        ("no python at all (", []),
    ],
)
def test_what_a_program_reads_and_the_repository_lacks_is_named(text: str, missing: list[str]):
    assert find_missing_data({"main.py": text, "there.csv": "1"}, {"folder/there.npy": "binary"}) == missing


def test_a_file_beside_the_program_is_there():
    assert find_missing_data({"src/main.py": "open('a.csv')", "src/a.csv": "1"}, {}) == []


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ("data: {path: data/train.csv}", ["data/train.csv"]),
        ("train_file: a.npz", ["a.npz"]),
        ("data: {files: [a.csv, b.csv]}", ["a.csv", "b.csv"]),
        ("data: {url: 'https://x/y.csv'}", []),
        ("results: {path: results/table.csv}", []),
        ("data: {output: table.csv}", []),
        ("data: {name: gaussian}", []),
        ("data: /etc/passwd.txt", []),
        ("[", []),
    ],
)
def test_what_config_yaml_names_as_input_is_named(config: str, missing: list[str]):
    assert find_missing_data({"config.yaml": config}, {}) == missing


def test_what_the_program_makes_under_the_configured_name_is_not_missing():
    files = {"config.yaml": "data: {path: data/a.csv}", "main.py": "np.savetxt('data/a.csv', x)"}
    assert find_missing_data(files, {}) == []
