// Checks with the note formats of transparency-dev, which know nothing of Tallystick, that each of these keys has signed a
// checkpoint: Ed25519 and ECDSA of a log, cosignatures by Ed25519 and ML-DSA-44.
//
// Usage: signers CHECKPOINT VKEY…
package main

import (
	"fmt"
	"os"

	formats "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(file string, vkeys []string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, vkey := range vkeys {
		verifier, err := formats.NewVerifier(vkey)
		if err != nil {
			return fmt.Errorf("%.80s: %w", vkey, err)
		}
		if _, err := note.Open(text, note.VerifierList(verifier)); err != nil {
			return fmt.Errorf("%s: %w", verifier.Name(), err)
		}
	}
	fmt.Printf("signed by %d keys\n", len(vkeys))
	return nil
}
