// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TermsCode} from "../../../src/channels/TermsCode.sol";
import {ChannelTerms} from "../../../src/interfaces/ChannelTypes.sol";
import {IVault, Reason, TokenBook, WeiBook, WeiMove} from "../../../src/interfaces/IVault.sol";
import {Vault} from "../../../src/vault/Vault.sol";
import {MoodyToken} from "../../support/OddTokens.sol";
import {Test} from "../../support/Test.sol";
import {Vm} from "../../support/Vm.sol";
import {ScriptedBlocks, ScriptedChannels} from "./ScriptedChannels.sol";

/// A Vault between scripted Channels and Blocks, and one channel: a payer and two payees, blocks of 100
/// seconds that pay each payee at most 1,000 base units.
abstract contract VaultFixture is Test {
    uint64 internal constant START = 1_800_000_000;
    uint64 internal constant DURATION = 100;
    uint64 internal constant BLOCKS_MAX = 64;
    uint64 internal constant NOTICE = 250;
    uint64 internal constant RETENTION = 1_000;
    uint64 internal constant BLOCK_MAX = 1_000;
    uint64 internal constant NO_BLOCK = type(uint64).max;
    uint256 internal constant BOOK_MAX = 2 ** 85 - 1;
    bytes32 internal constant ID = keccak256("channel");
    address internal constant BURN = address(0xdEaD);
    address internal constant STRANGER = address(0xbad);
    address internal constant REGISTRY = address(0x4e6);
    address internal constant ADJUDICATOR = address(0xad);
    address internal constant QUESTIONS = address(0x9e);
    address internal constant PANEL = address(0x9a);

    ScriptedChannels internal channels;
    ScriptedBlocks internal blocks;
    Vault internal vault;
    MoodyToken internal token;

    function setUp() public virtual {
        vm.warp(START - 10_000);
        channels = new ScriptedChannels();
        blocks = new ScriptedBlocks(channels);
        vault = new Vault(address(channels), address(blocks), REGISTRY, ADJUDICATOR, QUESTIONS, PANEL);
        blocks.setVault(vault);
        token = new MoodyToken();
        openChannel(ID, termsFor(3));
    }

    // ── channels ──

    function termsFor(uint256 count) internal view returns (ChannelTerms memory terms) {
        terms.participants = new address[](count);
        terms.roles = new uint8[](count);
        terms.blockMaxNano = new uint64[](count);
        for (uint256 i = 0; i < count; i++) {
            terms.participants[i] = account(i);
            terms.roles[i] = i == 0 ? 1 : 3;
            terms.blockMaxNano[i] = i == 0 ? 0 : BLOCK_MAX;
        }
        terms.token = address(token);
        // A nano is a base unit.
        terms.tokenPerUnit = 1e9;
        terms.firstBlockStart = START;
        terms.blockDuration = DURATION;
        terms.blocksMax = BLOCKS_MAX;
        terms.withdrawalNotice = NOTICE;
        terms.retentionPeriod = RETENTION;
    }

    function openChannel(bytes32 channelId, ChannelTerms memory terms) internal {
        vm.etch(TermsCode.placeOf(address(channels), channelId), abi.encode(terms, ""));
        channels.open(channelId, terms.blocksMax);
    }

    /// As Channels does: no block starts after the current one.
    function closeChannel() internal {
        channels.close(ID, block.timestamp < START ? 0 : uint64((block.timestamp - START) / DURATION + 1));
    }

    function account(uint256 i) internal pure returns (address) {
        return address(uint160(0xacc0 + i));
    }

    function startOf(uint256 n) internal pure returns (uint256) {
        return START + n * DURATION;
    }

    // ── acts ──

    function fund(uint8 payee, uint256 amount) internal {
        give(STRANGER, amount);
        vm.prank(STRANGER);
        vault.deposit(ID, payee, amount);
    }

    function give(address owner, uint256 amount) internal {
        token.mint(owner, amount);
        vm.prank(owner);
        token.approve(address(vault), type(uint256).max);
    }

    function request(uint8 payee, uint256 amount) internal {
        vm.prank(account(0));
        vault.requestWithdrawal(ID, payee, amount);
    }

    /// What block n owes payees 1 and 2.
    function settle(uint64 n, uint64 first, uint64 second) internal {
        blocks.settle(ID, n, words(first, second), new bytes32[](0));
    }

    function settleBetween(uint64 n, uint64[2] memory low, uint64[2] memory high) internal {
        blocks.settle(ID, n, words(low[0], low[1]), words(high[0], high[1]));
    }

    function makeVoid(uint64 from, uint64 end) internal {
        for (uint64 n = from; n < end; n++) {
            blocks.makeVoid(ID, n);
        }
    }

    function words(uint64 first, uint64 second) internal pure returns (bytes32[] memory out) {
        out = new bytes32[](1);
        uint256 sum = (uint256(first) + second) & type(uint64).max;
        out[0] = bytes32(sum << 192 | uint256(first) << 128 | uint256(second) << 64);
    }

    function depositWei(address owner, uint256 amount) internal {
        vm.deal(STRANGER, amount);
        vm.prank(STRANGER);
        vault.depositWei{value: amount}(owner);
    }

    function move(address from, WeiBook fromBook, address to, WeiBook toBook, uint96 amount) internal {
        vm.prank(address(blocks));
        vault.moveWei(ID, 7, oneMove(from, fromBook, to, toBook, amount));
    }

    function oneMove(address from, WeiBook fromBook, address to, WeiBook toBook, uint96 amount)
        internal
        pure
        returns (WeiMove[] memory moves)
    {
        moves = new WeiMove[](1);
        moves[0] = WeiMove(from, to, fromBook, toBook, Reason.SeatBond, amount);
    }

    // ── what is ──

    function lineOf(uint8 payee) internal view returns (uint256) {
        return vault.line(ID, payee).amount;
    }

    function debtOf(uint8 payee) internal view returns (uint256) {
        return vault.line(ID, payee).debt;
    }

    function contestedOf(uint64 n, uint8 payee) internal view returns (uint256 amount) {
        (amount,) = vault.contested(ID, n, payee);
    }

    function balance(uint256 i) internal view returns (uint256) {
        return vault.balanceOf(address(token), account(i));
    }

    function assertBooks(address owner, uint256 free, uint256 stake, uint256 locked) internal view {
        (uint256 isFree, uint256 isStake, uint256 isLocked) = vault.weiOf(owner);
        vm.assertEq(isFree, free, "free");
        vm.assertEq(isStake, stake, "stake");
        vm.assertEq(isLocked, locked, "locked");
    }

    // ── events, all fields ──

    function expectMove(
        address owner,
        uint64 n,
        TokenBook from,
        TokenBook to,
        uint256 amount,
        Reason reason
    ) internal {
        vm.expectEmit(address(vault));
        emit IVault.TokenMoved(ID, owner, address(token), n, from, to, amount, reason);
    }

    /// How many events the Vault emitted since vm.recordLogs.
    function eventCount() internal returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].emitter == address(vault)) count++;
        }
    }
}
