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
        (
            "from transformers import M\nclass N:\n    def from_pretrained(self): ...\nM.from_pretrained('a/b')",
            ["from_pretrained('a/b'), fetched from the network"],
        ),
        ("fetch_openml('mnist_784')", ["fetch_openml('mnist_784'), fetched from the network"]),
        ("AutoModel.from_pretrained('gpt2')", ["from_pretrained('gpt2'), fetched from the network"]),
        # other forms of names
        ("if not os.path.exists('a.csv'):\n    raise OSError('a.csv')\npd.read_csv('a.csv')", ["a.csv"]),
        ("if not (exists('a.csv') and exists('b')):\n    sys.exit(1)\npd.read_csv('a.csv')", ["a.csv"]),
        ("print('a.csv')\nlogging.info('a.csv')\npd.read_csv('a.csv')", ["a.csv"]),
        ("DATA = 'data/a.csv'\ndef run():\n    pd.read_csv(DATA)", ["data/a.csv"]),
        ("DIR: Path = Path('data')\n(DIR / 'a.csv').read_text()", ["data/a.csv"]),
        ("p.add_argument('--data', default='data/a.csv')", ["data/a.csv"]),
        ("p.add_argument('-i', '--in-file', default='a.csv')\nopen(p.parse_args().x)\nopen(a.in_file)", ["a.csv"]),
        ("p.add_argument('--x', dest='y', default='a.csv')\nopen(args.y)", ["a.csv"]),
        ("gzip.open('a.gz', 'rb')\nImage.open('b.png')\ntarfile.open('c.tar')", ["a.gz", "b.png", "c.tar"]),
        ("pd.read_csv(filepath_or_buffer='a.csv')\nopen(file='b.txt')", ["a.csv", "b.txt"]),
        ("np.loadtxt(fname='a.txt', delimiter=',')", ["a.txt"]),
        ("open(Path(__file__).parent / 'a.csv')", ["a.csv"]),
        ("HERE = Path(__file__).resolve().parents[0]\n(HERE / 'data' / 'a.csv').open()", ["data/a.csv"]),
        ("HERE = os.path.dirname(os.path.abspath(__file__))\nopen(os.path.join(HERE, 'a.csv'))", ["a.csv"]),
        ("shutil.copy('a.csv', 'b.csv')\nopen('a.csv')\nopen('b.csv')", ["a.csv"]),
        # not missing: it writes, makes them itself, or nobody can tell
        ("open('results/out.csv', 'w')", []),
        ("open('results/out.csv', mode='a')", []),
        ("Path('out.json').open('w')", []),
        ("df.to_csv('a.csv')\npd.read_csv('a.csv')", []),
        ("Path('a.json').write_text('{}')\nopen('a.json')", []),
        ("OUT = 'a.csv'\ndf.to_csv(OUT)\npd.read_csv('a.csv')", []),
        ("p = Path('d') / 'a.npy'\np.touch()\nnp.load('d/a.npy')", []),
        ("p.add_argument('--data', default='a.csv')\ndf.to_csv(args.data)", []),
        ("p.add_argument('--model', default='model.pt')", []),
        ("p.add_argument('--train-log', default='train.csv')", []),
        ("def generate_data(path): ...\ngenerate_data('a.csv')\nopen('a.csv')", []),
        ("if not os.path.exists('a.csv'):\n    synthesize()\nopen('a.csv')", []),
        ("if Path('a.csv').exists():\n    open('a.csv')", []),
        ("gzip.open('a.gz', 'wb')\ntarfile.open('a.tar', 'w:gz')", []),
        ("json.load(open('results.json'))", []),
        ("torch.load('checkpoints/best.pt')", []),
        ("path = 'a.csv'\npath = 'b.csv'\nopen(path)", []),
        ("def f(path='a.csv'): open(path)", []),
        ("open(Path(__file__).parent.parent / 'a.csv')", []),
        ("def fetch_batch(x): ...\nfetch_batch(3)", []),
        ("def load_dataset(name): ...\nload_dataset('synthetic')", []),
        ("class M:\n    def from_pretrained(path): ...\nM.from_pretrained('gpt2')", []),
        ("AutoModel.from_pretrained('outputs/best')", []),
        ("AutoModel.from_pretrained('folder/model')", []),
        ("cursor.fetch_all('x')", []),
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


def test_a_file_is_looked_for_where_the_program_lies():
    text = "from paths import HERE, DATA\nopen(HERE / 'b.csv')\nopen(DATA)"
    paths = "from pathlib import Path\nHERE = Path(__file__).parent.parent\nDATA = HERE / 'there.csv'\n"
    assert find_missing_data({"src/main.py": text, "src/paths.py": paths, "there.csv": "1"}, {}) == ["b.csv"]


@pytest.mark.parametrize(
    "text",
    [
        "open(" + "/".join(["'a.csv'"] * 600) + ")",
        "open(" + "Path(" * 80 + "'a.csv'" + ")" * 80 + ")",
        "a0 = Path('a')\n" + "".join(f"a{n + 1} = a{n} / a{n}\n" for n in range(60)) + "open(a60 / 'b.csv')",
        "a = b / 'x.csv'\nb = a / 'x.csv'\nopen(a)",
        "open(Path('a').parents[10**9] / 'b.csv')\nopen(Path('a').parents[1000000] / 'b.csv')",
    ],
)
def test_names_that_nobody_would_write_are_passed_over(text: str):
    assert find_missing_data({"main.py": text}, {}) == []


@pytest.mark.parametrize(
    "config",
    [
        "data: &a [*a]",
        "data: &a {x: *a}",
        "data:\n  a0: &a0 [results.csv]\n"
        + "".join(f"  a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(12)),
    ],
)
def test_aliases_are_followed_once(config: str):
    assert find_missing_data({"config.yaml": config}, {}) in ([], ["results.csv"])


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ("training: {history_file: a.json, best_model: a.pt, predictions: a.csv, curve: a.png}", []),
        ("evaluation: {test_scores: a.csv}", []),
        ("training: {checkpoint: {path: a.pt}}", []),
        ("training: {val_data: a.csv}", ["a.csv"]),
        ("datasets: {cora: {path: ./a.bin}}", ["a.bin"]),
        ("vocab_file: a.txt", ["a.txt"]),
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
