// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TermsCode} from "../../../src/channels/TermsCode.sol";
import {ChannelTerms} from "../../../src/interfaces/ChannelTypes.sol";
import {LineFacts} from "../../../src/interfaces/IVault.sol";
import {Vault} from "../../../src/vault/Vault.sol";
import {HundredthToken, MoodyToken} from "../../support/OddTokens.sol";
import {Test} from "../../support/Test.sol";
import {ScriptedBlocks, ScriptedChannels} from "./ScriptedChannels.sol";
import {VaultIndexer} from "./VaultIndexer.sol";

/// A Vault with three channels of one payer and two payees: two of one token, which calls back now and then, and
/// one whose token keeps a fee.
abstract contract VaultScene is Test {
    uint64 internal constant START = 1_800_000_000;
    uint64 internal constant DURATION = 100;
    uint64 internal constant NOTICE = 230;
    uint64 internal constant RETENTION = 150;
    uint64 public constant BLOCKS = 10;
    uint256 public constant CHANNELS = 3;
    uint256 public constant PEOPLE = 4;
    address public constant BURN = address(0xdEaD);
    address internal constant REGISTRY = address(0x4e6);
    address internal constant PANEL = address(0x9a);

    ScriptedChannels public channels;
    ScriptedBlocks public blocks;
    Vault public vault;
    VaultIndexer public indexer;
    MoodyToken internal moody;
    HundredthToken internal hundredth;

    function setUp() external {
        vm.warp(START - 500);
        channels = new ScriptedChannels();
        blocks = new ScriptedBlocks(channels);
        vault = new Vault(address(channels), address(blocks), REGISTRY, address(0xad), address(0x9e), PANEL);
        blocks.setVault(vault);
        indexer = new VaultIndexer();
        (moody, hundredth) = (new MoodyToken(), new HundredthToken());
        for (uint256 c = 0; c < CHANNELS; c++) {
            openOne(c);
        }
        for (uint256 i = 0; i < PEOPLE; i++) {
            address owner = person(i);
            moody.mint(owner, 1e9);
            hundredth.mint(owner, 1e9);
            vm.startPrank(owner);
            moody.approve(address(vault), type(uint256).max);
            hundredth.approve(address(vault), type(uint256).max);
            vm.stopPrank();
            vm.deal(owner, 1e9);
        }
    }

    function openOne(uint256 c) internal {
        ChannelTerms memory terms;
        terms.participants = new address[](PEOPLE - 1);
        terms.roles = new uint8[](PEOPLE - 1);
        terms.blockMaxNano = new uint64[](PEOPLE - 1);
        for (uint256 i = 0; i < PEOPLE - 1; i++) {
            terms.participants[i] = person(i);
            terms.blockMaxNano[i] = i == 0 ? 0 : uint64(60 + 40 * i);
        }
        terms.token = tokenOf(c);
        // Halves of a nano are rounded down in the third channel.
        terms.tokenPerUnit = c == 2 ? 0.5e9 : 1e9;
        terms.firstBlockStart = START;
        terms.blockDuration = DURATION;
        terms.blocksMax = BLOCKS;
        terms.withdrawalNotice = NOTICE;
        terms.retentionPeriod = RETENTION;
        vm.etch(TermsCode.placeOf(address(channels), idOf(c)), abi.encode(terms, ""));
        channels.open(idOf(c), BLOCKS);
        indexer.setPayer(idOf(c), person(0));
    }

    function idOf(uint256 c) public pure returns (bytes32) {
        return keccak256(abi.encode("channel", c));
    }

    function tokenOf(uint256 c) public view returns (address) {
        return c == 2 ? address(hundredth) : address(moody);
    }

    function person(uint256 i) public pure returns (address) {
        return address(uint160(0xacc0 + i % PEOPLE));
    }

    function startedNow() public view returns (uint64) {
        if (block.timestamp < START) return 0;
        uint256 started = (block.timestamp - START) / DURATION + 1;
        return started < BLOCKS ? uint64(started) : BLOCKS;
    }

    function liveStarted(bytes32 id) public view returns (uint256) {
        return blocks.liveBefore(id, startedNow());
    }

    function areOverBefore(bytes32 id, uint256 time) internal view returns (bool) {
        for (uint64 n = 0; n < BLOCKS; n++) {
            if (START + n * DURATION < time && !blocks.isOver(id, n)) return false;
        }
        return true;
    }

    function liveBlock(bytes32 id, uint256 seed) internal view returns (bool, uint64) {
        (,, uint64 blocksEnd) = channels.standing(id);
        uint64 end = startedNow() < blocksEnd ? startedNow() : blocksEnd;
        for (uint64 k = 0; k < end; k++) {
            uint64 n = uint64((seed + k) % end);
            if (!blocks.isOver(id, n)) return (true, n);
        }
        return (false, 0);
    }

    function pick(uint256 seed) internal pure returns (bytes32, uint8) {
        return (idOf(seed % CHANNELS), uint8(1 + (seed / CHANNELS) % (PEOPLE - 2)));
    }

    /// A line with a debt, if there is one.
    function pickIndebted(uint256 seed) internal view returns (bytes32 id, uint8 payee) {
        for (uint256 k = 0; k < CHANNELS * (PEOPLE - 2); k++) {
            (id, payee) = pick(seed / 64 + k);
            if (lineOf(id, payee).debt > 0) return (id, payee);
        }
    }

    /// A block of which something is contested, if there is one.
    function pickContested(uint256 seed) internal view returns (bytes32 id, uint8 payee, uint64 n) {
        for (uint256 k = 0; k < BLOCKS * CHANNELS * (PEOPLE - 2); k++) {
            (id, payee) = pick(seed / 64 + k);
            n = uint64((seed % BLOCKS + k) % BLOCKS);
            (uint256 amount,) = vault.contested(id, n, payee);
            if (amount > 0) return (id, payee, n);
        }
    }

    function tokenIn(bytes32 id) internal view returns (address) {
        return id == idOf(2) ? address(hundredth) : address(moody);
    }

    function lineOf(bytes32 id, uint256 payee) internal view returns (LineFacts memory) {
        return vault.line(id, uint8(payee));
    }

    function gained(bytes32 id, uint256 payee) internal view returns (uint256) {
        return vault.balanceOf(tokenIn(id), person(payee));
    }

    function unitsOf(bytes32 id, uint64 nano) internal pure returns (uint256) {
        return id == idOf(2) ? nano / 2 : nano;
    }

    function words(uint64[2] memory nano) internal pure returns (bytes32[] memory out) {
        out = new bytes32[](1);
        out[0] = bytes32(uint256(nano[0]) << 128 | uint256(nano[1]) << 64);
    }
}
