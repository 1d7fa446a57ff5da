// Judges by a policy file, with torchwood, which knows nothing of Tallystick: a checkpoint with its cosignatures, and proofs
// of entries (c2sp.org/tlog-proof) under such a checkpoint.
//
// Usage: policy POLICY CHECKPOINT [PROOF ENTRY]…
package main

import (
	"fmt"
	"os"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(policyFile, checkpointFile string, proofs []string) error {
	text, err := os.ReadFile(policyFile)
	if err != nil {
		return err
	}
	policy, err := torchwood.ParsePolicy(text)
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(checkpointFile)
	if err != nil {
		return err
	}
	checkpoint, note, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(proofs); i += 2 {
		proof, err := os.ReadFile(proofs[i])
		if err != nil {
			return err
		}
		entry, err := os.ReadFile(proofs[i+1])
		if err != nil {
			return err
		}
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(entry), proof); err != nil {
			return fmt.Errorf("%s: %w", proofs[i], err)
		}
	}
	fmt.Printf("%s %d %s\n", checkpoint.Origin, checkpoint.N, checkpoint.Hash)
	for _, sig := range note.Sigs {
		fmt.Printf("signed by %s\n", sig.Name)
	}
	return nil
}
