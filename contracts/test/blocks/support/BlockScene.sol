// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {BlockResult, Stage} from "../../../src/interfaces/ChannelTypes.sol";
import {Delegation} from "../../../src/interfaces/BlockTypes.sol";
import {IBlockFacts} from "../../../src/interfaces/IBlockFacts.sol";
import {IVault, Reason, WeiBook} from "../../../src/interfaces/IVault.sol";
import {BlockWork} from "../../support/BlockWork.sol";

/// A channel of payer, seller and auditor with funded lines, and its block 1, which most tests are about.
abstract contract BlockScene is BlockWork {
    uint64 internal constant N = 1;
    uint16 internal constant ALL = 7;
    address internal constant STRANGER = address(0x57a);
    bytes32 internal id;

    function setUp() public virtual override {
        super.setUp();
        id = open(3);
        fundAll(id, 3, 1e6);
    }

    /// Processing starts here where everybody posts at once.
    function begun() internal pure returns (uint256) {
        return collationAt(N);
    }

    function low() internal pure returns (BlockResult memory) {
        return resultOf(3, 1000, ALL);
    }

    function high() internal pure returns (BlockResult memory) {
        return resultOf(3, 1700, ALL);
    }

    function hashOf(BlockResult memory result) internal view returns (bytes32) {
        return lens.outputHashOf(id, N, result);
    }

    /// All have posted, the payer's binding seat alone has revealed; challenge from begun() + 40 on.
    function revealedByOne() internal {
        postAll(id, N, 3);
        commit(id, N, 0, low(), true);
        vm.warp(begun() + 20);
        reveal(id, N, 0, low());
    }

    /// Then the seller says otherwise in the challenge period.
    function disputed() internal {
        revealedByOne();
        vm.warp(begun() + 40);
        revealOwn(id, N, 1, high());
    }

    function settled() internal {
        finish(id, N, 3, low());
        settle(id, N, low());
    }

    // ── refusals ──

    function wrongStage(Stage stage) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.WrongStage.selector, id, N, stage);
    }

    function wrongTime(uint256 from, uint256 until) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.WrongTime.selector, id, N, from, until);
    }

    function unknownBlock() internal view returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.UnknownBlock.selector, id, BLOCKS_MAX, BLOCKS_MAX);
    }

    function unknownChannel() internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IBlockFacts.UnknownChannel.selector, bytes32("nowhere"));
    }

    function tooLittle(address account_, WeiBook book, uint256 held, uint256 needed)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IVault.WeiTooLittle.selector, account_, book, held, needed);
    }

    /// With what a commit needs made before, since its making calls contracts too.
    function refuseCommit(Delegation memory delegation, bytes memory why) internal {
        bytes memory signature = delegationSignature(delegation);
        refuseCommit(delegation, signature, delegation.validator, why);
    }

    function refuseCommit(
        Delegation memory delegation,
        bytes memory signature,
        address sender,
        bytes memory why
    ) internal {
        bytes32[] memory path = keyPath(delegation.blockNumber % BLOCKS_MAX);
        vm.expectRevert(why);
        vm.prank(sender);
        blocks.commitResult(delegation, signature, path, keccak256("commitment"));
    }

    function refuseOwn(uint256 participant, BlockResult memory result, bytes memory why) internal {
        bytes32 opening = openingOf(result);
        vm.expectRevert(why);
        vm.prank(account(participant));
        blocks.revealOwnResult(id, N, result, opening);
    }

    function standingOf(BlockResult memory one) internal pure returns (BlockResult[] memory standing) {
        standing = new BlockResult[](1);
        standing[0] = one;
    }

    // ── money ──

    function expectWei(
        address from,
        address to,
        WeiBook fromBook,
        WeiBook toBook,
        uint256 amount,
        Reason reason
    ) internal {
        vm.expectEmit(address(vault));
        emit IVault.WeiMoved(id, from, to, N, fromBook, toBook, amount, reason);
    }

    function freeOf(address account_) internal view returns (uint256 free) {
        (free,,) = vault.weiOf(account_);
    }

    function lockedOf(address account_) internal view returns (uint256 locked) {
        (,, locked) = vault.weiOf(account_);
    }

    /// Takes all but `left` of an account's free wei out of the Vault.
    function drain(address account_, uint256 left) internal {
        uint256 amount = freeOf(account_) - left;
        vm.prank(account_);
        vault.withdraw(address(0), address(0xf1e), amount);
    }
}
