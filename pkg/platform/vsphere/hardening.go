package vsphere

import "strings"

// rule is an audit rule that a setting goes against.
type rule struct {
	guide string
	ids   map[field]string
}

// rules are what a place is audited by, in the guides' own numbers. STIGs are DISA's, for ESXi's standard
// switches and vCenter's distributed ones; the CIS sections are those of the benchmark for ESXi 7.0.
func (p *place) rules() []rule {
	switch {
	case p.host == nil:
		return []rule{
			{"vCenter 7 STIG", map[field]string{forged: "V-256348", macChanges: "V-256349", promiscuous: "V-256350"}},
			{"vCenter 8 STIG", map[field]string{forged: "VCSA-80-000268", macChanges: "V-258936", promiscuous: "VCSA-80-000270"}},
			{"VCF 9", map[field]string{learning: "VCFA-9X-000345 (unless used for a known workload)"}},
		}
	case strings.HasPrefix(p.host.version, "7."):
		return []rule{
			{"ESXi 7 STIG", map[field]string{forged: "V-256420", macChanges: "V-256421", promiscuous: "V-256422"}},
			{"CIS ESXi 7.0", map[field]string{forged: "section 7.1-7.2", macChanges: "section 7.1-7.2", promiscuous: "section 7.1-7.2"}},
		}
	default:
		return []rule{{"ESXi 8 STIG", map[field]string{forged: "V-258771", macChanges: "V-258772", promiscuous: "V-258773"}}}
	}
}
