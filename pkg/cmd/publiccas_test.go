// The machine of the test may have roots, and which ones are trusted is settled once in a process.
//go:debug x509usefallbackroots=1

package cmd

import (
	"crypto/x509"
	"slices"
	"testing"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// TestTrustPublicCAs: what is verified without roots of its own is verified against the public CAs.
func TestTrustPublicCAs(t *testing.T) {
	if err := trustPublicCAs(); err != nil {
		t.Fatal(err)
	}
	roots := slices.Collect(bundle.Roots())
	if len(roots) < 100 {
		t.Fatalf("there are %d public CAs", len(roots))
	}
	for _, root := range roots {
		if root.Constraint != nil {
			continue // it vouches for what it has issued so far, and not for itself
		}
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := certificate.Verify(x509.VerifyOptions{CurrentTime: certificate.NotAfter, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
			t.Errorf("%s is not trusted: %v", certificate.Subject, err)
		}
	}
}
