// Reads a published log with the Go project's own packages (golang.org/x/mod/sumdb), which know nothing of Tallystick:
// the checkpoint's signature, every hash tile up to its root, every entry against its leaf, and proofs given as files.
//
// Usage: reader VKEY DIRECTORY [OLDER-CHECKPOINT PROOF…]
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(vkey, dir string, more []string) error {
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(vkey, string(data))
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, &tiles{dir})
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("tiles lead to root %v, the checkpoint says %v", root, tree.Hash)
	}
	if err := checkEntries(dir, tree.N, hashes); err != nil {
		return err
	}
	if len(more) > 0 {
		older, err := os.ReadFile(more[0])
		if err != nil {
			return err
		}
		if err := checkOlder(vkey, string(older), tree, hashes); err != nil {
			return err
		}
		for _, name := range more[1:] {
			if err := checkProof(vkey, name, hashes); err != nil {
				return fmt.Errorf("%s: %v", name, err)
			}
		}
	}
	fmt.Printf("%d entries under %v\n", tree.N, tree.Hash)
	return nil
}

func openCheckpoint(vkey, text string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

// tiles reads hash tiles where C2SP tlog-tiles has them: without the height that the Go checksum database has in its paths.
type tiles struct{ dir string }

func (t *tiles) Height() int                     { return height }
func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t *tiles) ReadTiles(ts []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range ts {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.dir, path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func checkEntries(dir string, size int64, hashes tlog.HashReader) error {
	for first := int64(0); first < size; first += 256 {
		tile := tlog.Tile{H: height, L: 0, N: first / 256, W: 256}
		if size-first < 256 {
			tile.W = int(size - first)
		}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		bundle, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		var indexes []int64
		for n := first; n < first+int64(tile.W); n++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, n))
		}
		leaves, err := hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, leaf := range leaves {
			if len(bundle) < 2 {
				return fmt.Errorf("%s ends at entry %d", path, i)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			if len(bundle) < 2+length {
				return fmt.Errorf("%s ends within entry %d", path, i)
			}
			if tlog.RecordHash(bundle[2:2+length]) != leaf {
				return fmt.Errorf("entry %d does not hash to its leaf", first+int64(i))
			}
			bundle = bundle[2+length:]
		}
		if len(bundle) > 0 {
			return fmt.Errorf("%s has bytes behind its last entry", path)
		}
	}
	return nil
}

func checkOlder(vkey, text string, tree tlog.Tree, hashes tlog.HashReader) error {
	older, err := openCheckpoint(vkey, text)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, older.N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash)
}

func checkProof(vkey, name string, hashes tlog.HashReader) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	head, checkpoint, _ := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return fmt.Errorf("no tlog-proof")
	}
	index, err := strconv.ParseInt(lines[1][len("index "):], 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize {
			return fmt.Errorf("no hash: %s", line)
		}
		var node tlog.Hash
		copy(node[:], hash)
		proof = append(proof, node)
	}
	tree, err := openCheckpoint(vkey, checkpoint)
	if err != nil {
		return err
	}
	leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf[0])
}
