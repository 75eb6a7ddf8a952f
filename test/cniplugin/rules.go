//go:build linux

package main

import (
	"fmt"
	"net"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// tableName is the nftables table that holds the router's rules.
const tableName = "egress_cni"

// Registers that the expressions of a rule hand values on in.
const (
	addressRegister = 1
	portRegister    = 2
)

// redirect makes the table: what comes in at in is sent on by the rules, in order, and what leaves at out
// bears the address from. It runs in the pod.
func redirect(in, out string, from net.IP, rules []rule) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("talking to nftables: %w", err)
	}
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: tableName})
	prerouting := conn.AddChain(&nftables.Chain{
		Name: "prerouting", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityNATDest,
	})
	postrouting := conn.AddChain(&nftables.Chain{
		Name: "postrouting", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
	})
	for _, r := range rules {
		conn.AddRule(&nftables.Rule{Table: table, Chain: prerouting, Exprs: r.expressions(in)})
	}
	conn.AddRule(&nftables.Rule{Table: table, Chain: postrouting, Exprs: append(onInterface(expr.MetaKeyOIFNAME, out),
		&expr.Immediate{Register: addressRegister, Data: from.To4()},
		&expr.NAT{Type: expr.NATTypeSourceNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: addressRegister},
	)})
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("writing the nftables table %s: %w", tableName, err)
	}
	return nil
}

// expressions are r in nftables' terms, for what comes in at the interface called in.
func (r rule) expressions(in string) []expr.Any {
	match := onInterface(expr.MetaKeyIIFNAME, in)
	if r.protocol != 0 {
		match = append(match, toPort(r.protocol, r.port)...)
	}
	nat := &expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: addressRegister}
	match = append(match, &expr.Immediate{Register: addressRegister, Data: r.to.To4()})
	if r.toPort != 0 {
		nat.RegProtoMin, nat.Specified = portRegister, true
		match = append(match, &expr.Immediate{Register: portRegister, Data: binaryutil.BigEndian.PutUint16(r.toPort)})
	}
	return append(match, nat)
}

// onInterface matches the interface, by name, that key stands for.
func onInterface(key expr.MetaKey, name string) []expr.Any {
	padded := make([]byte, unix.IFNAMSIZ)
	copy(padded, name)
	return []expr.Any{
		&expr.Meta{Key: key, Register: addressRegister},
		&expr.Cmp{Op: expr.CmpOpEq, Register: addressRegister, Data: padded},
	}
}

// toPort matches protocol and destination port, which TCP, UDP and SCTP have in the same place.
func toPort(protocol byte, port uint16) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: addressRegister},
		&expr.Cmp{Op: expr.CmpOpEq, Register: addressRegister, Data: []byte{protocol}},
		&expr.Payload{DestRegister: addressRegister, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2},
		&expr.Cmp{Op: expr.CmpOpEq, Register: addressRegister, Data: binaryutil.BigEndian.PutUint16(port)},
	}
}
