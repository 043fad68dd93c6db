// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPeg} from "../../src/interfaces/IPeg.sol";
import {Peg} from "../../src/Peg.sol";
import {PeggedToken} from "../../src/PeggedToken.sol";
import {TestToken} from "../../src/test-token/TestToken.sol";
import {Test} from "./Test.sol";

/// Two chains with a Peg each, five attesters of whom three attest, and a token that lives on each chain. One EVM
/// plays both chains: `on` says which of them acts next.
abstract contract PegFixture is Test {
    uint256 internal constant PUBLIC = 1;
    uint256 internal constant BASE = 2_024;
    uint256 internal constant ATTESTERS = 5;
    uint256 internal constant THRESHOLD = 3;

    /// Keys of the attesters in order of their addresses.
    uint256[] internal attesterKeys;
    mapping(uint256 chain => Peg) internal pegs;
    mapping(uint256 chain => TestToken) internal tokens;

    address internal ann = vm.addr(0xa11);
    address internal bob = vm.addr(0xb0b);

    function setUp() public virtual {
        for (uint256 i = 0; i < ATTESTERS; i++) {
            attesterKeys.push(0x7000 + i);
        }
        sort(attesterKeys);
        // The second Peg's address is in the first one's constructor: addresses of contracts can be foretold.
        address second = created(address(this), 2);
        vm.chainId(PUBLIC);
        pegs[PUBLIC] = new Peg(BASE, second, attesterAddresses(), THRESHOLD);
        vm.chainId(BASE);
        pegs[BASE] = new Peg(PUBLIC, address(pegs[PUBLIC]), attesterAddresses(), THRESHOLD);
        vm.assertEq(address(pegs[BASE]), second);
        tokens[PUBLIC] = new TestToken("Dollar", "USD", 6);
        tokens[BASE] = new TestToken("Nano", "NANO", 9);
        vm.chainId(PUBLIC);
    }

    function on(uint256 chain) internal returns (Peg) {
        vm.chainId(chain);
        return pegs[chain];
    }

    function other(uint256 chain) internal pure returns (uint256) {
        return chain == PUBLIC ? BASE : PUBLIC;
    }

    function attesterAddresses() internal view returns (address[] memory list) {
        list = new address[](attesterKeys.length);
        for (uint256 i = 0; i < list.length; i++) {
            list[i] = vm.addr(attesterKeys[i]);
        }
    }

    /// By the first `count` attesters.
    function attest(bytes32 digest, uint256 count) internal view returns (IPeg.Attestation[] memory list) {
        list = new IPeg.Attestation[](count);
        for (uint256 i = 0; i < count; i++) {
            list[i] = attestedBy(attesterKeys[i], digest);
        }
    }

    function attestedBy(uint256 key, bytes32 digest) internal pure returns (IPeg.Attestation memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return IPeg.Attestation(vm.addr(key), abi.encodePacked(r, s, v));
    }

    /// What arrives of `amount` on the other chain, as the event tells it.
    function lockOn(uint256 chain, address account, address token, uint256 amount, address recipient)
        internal
    {
        Peg peg = on(chain);
        vm.startPrank(account);
        TestToken(token).approve(address(peg), amount);
        peg.lock(token, amount, recipient);
        vm.stopPrank();
    }

    function mintOn(uint256 chain, IPeg.Transfer memory one) internal {
        Peg peg = on(chain);
        peg.mint(one, attest(peg.lockDigest(one), THRESHOLD));
    }

    function unlockOn(uint256 chain, IPeg.Transfer memory one) internal {
        Peg peg = on(chain);
        peg.unlock(one, attest(peg.burnDigest(one), THRESHOLD), one.recipient);
    }

    /// Makes the pegged token of the token that lives on the other chain.
    function introduceOn(uint256 chain) internal returns (PeggedToken) {
        Peg peg = on(chain);
        IPeg.TokenIdentity memory identity = identityOf(tokens[other(chain)]);
        return PeggedToken(peg.introduce(identity, attest(peg.tokenDigest(identity), THRESHOLD)));
    }

    function identityOf(TestToken token) internal view returns (IPeg.TokenIdentity memory) {
        return IPeg.TokenIdentity(address(token), token.name(), token.symbol(), token.decimals());
    }

    function transferOf(TestToken token, uint256 amount, address recipient)
        internal
        pure
        returns (IPeg.Transfer memory)
    {
        return IPeg.Transfer(keccak256("transaction"), 7, address(token), amount, recipient);
    }

    /// Where the account's creation with that nonce lies; nonces of one byte.
    function created(address from, uint256 nonce) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", from, uint8(nonce))))));
    }

    function sort(uint256[] storage keys) private {
        for (uint256 i = 1; i < keys.length; i++) {
            for (uint256 j = i; j > 0 && vm.addr(keys[j - 1]) > vm.addr(keys[j]); j--) {
                (keys[j - 1], keys[j]) = (keys[j], keys[j - 1]);
            }
        }
    }
}
