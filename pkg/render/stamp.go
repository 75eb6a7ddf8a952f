package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
)

// Stamp is what a pod template notes of the NAD that its pods start with. Whoever may write the template may forge it.
type Stamp struct {
	// Text is the hash of the NAD's spec.config.
	Text string
	// Rules is the hash of what the plugin reads of that, since another release of the operator may write the same in
	// other words. "" where that cannot be read.
	Rules string
	// UID and Generation tell the NAD as it was then from one that was changed since, and changed back.
	UID        string
	Generation int64
}

// StampOf is the Stamp of a NAD as it is now.
func StampOf(config, uid string, generation int64) Stamp {
	s := Stamp{Text: hashOf(config), UID: uid, Generation: generation}
	if network, err := ReadNetwork(config); err == nil {
		s.Rules = network.Hash()
	}
	return s
}

// String is s as an annotation holds it.
func (s Stamp) String() string {
	return fmt.Sprintf("%s.%s.%s.%d", s.Rules, s.Text, s.UID, s.Generation)
}

// For is what is noted on the pod templates of a provisioner: a standalone one is rendered before there is a NAD, and so
// holds the hash of its text alone.
func (s Stamp) For(provisioner egress.Provisioner) string {
	if provisioner == egress.Standalone {
		return s.Text
	}
	return s.String()
}

// ParseStamp reads what String wrote; ok is false for what is anything else.
func ParseStamp(text string) (s Stamp, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return Stamp{}, false
	}
	generation, err := strconv.ParseInt(parts[3], 10, 64)
	s = Stamp{Rules: parts[0], Text: parts[1], UID: parts[2], Generation: generation}
	return s, err == nil && s.Rules != "" && s.String() == text
}

// Hash is a short name for what n tells the plugin, in whatever words that was written.
func (n Network) Hash() string {
	// Go writes nothing and an empty list differently.
	n.Addresses, n.Destinations = append([]string{}, n.Addresses...), append([]string{}, n.Destinations...)
	text, err := marshal(n)
	if err != nil {
		return ""
	}
	return hashOf(text)
}

// IsHash reports whether text has the form of a hash of this package.
func IsHash(text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && len(text) == len(hashOf(""))
}

// hashOf is a short name for a text, the same for the same text.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
