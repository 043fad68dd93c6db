// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TermsCode} from "../../src/channels/TermsCode.sol";
import {ChannelTerms} from "../../src/interfaces/ChannelTypes.sol";
import {IChannels} from "../../src/interfaces/IChannels.sol";
import {DelegatedCode, KeyedAccount} from "../support/Accounts.sol";
import {Organisations} from "../support/Organisations.sol";

/// Opening by all signatures, at or before the first block, with the boxes that were signed.
contract ChannelsOpeningTest is Organisations {
    function test_anyone_opens_what_all_signed_and_everything_about_it_can_be_read() public {
        ChannelTerms memory terms = termsFor(3);
        bytes[] memory signatures = signaturesFor(3, channels.channelIdOf(terms));
        bytes32 expected = channels.channelIdOf(terms);
        vm.expectEmit(address(channels));
        emit IChannels.ChannelOpened(expected, account(0), terms.participants);
        vm.prank(address(0xbeef));
        bytes32 channelId = channels.openChannel(terms, signatures, boxesFor(3));
        vm.assertEq(channelId, expected);
        (uint64 openedAt, uint64 closedAt, uint64 blocksEnd) = channels.standing(channelId);
        vm.assertEq(openedAt, block.timestamp);
        vm.assertEq(closedAt, 0);
        vm.assertEq(blocksEnd, BLOCKS_MAX);
        (ChannelTerms memory read, bytes[] memory boxes) =
            TermsCode.whole(TermsCode.placeOf(address(channels), channelId));
        vm.assertEq(abi.encode(read), abi.encode(terms));
        vm.assertEq(abi.encode(boxes), abi.encode(boxesFor(3)));
    }

    function test_channels_are_listed_in_pages_in_order_of_opening() public {
        bytes32[] memory ids = new bytes32[](3);
        for (uint256 i = 0; i < 3; i++) {
            ChannelTerms memory terms = termsFor(2);
            terms.salt = bytes32(i);
            ids[i] = open(terms);
        }
        vm.assertEq(channels.channelCount(), 3);
        bytes32[] memory page = channels.channelIds(1, 5);
        vm.assertEq(page.length, 2);
        vm.assertEq(page[0], ids[1]);
        vm.assertEq(page[1], ids[2]);
        vm.assertEq(channels.channelIds(3, 1).length, 0);
        page = channels.channelIds(0, 1);
        vm.assertEq(page.length, 1);
        vm.assertEq(page[0], ids[0]);
    }

    function test_the_same_terms_open_once() public {
        ChannelTerms memory terms = termsFor(2);
        bytes32 channelId = open(terms);
        refuses(terms, abi.encodeWithSelector(IChannels.ChannelAlreadyOpen.selector, channelId));
    }

    function test_it_opens_in_the_second_in_which_the_first_block_starts_and_not_one_later() public {
        ChannelTerms memory terms = termsFor(2);
        vm.warp(START + 1);
        bytes memory refusal =
            abi.encodeWithSelector(IChannels.OpenedTooLate.selector, START, uint256(START) + 1);
        refuses(terms, refusal);
        vm.warp(START);
        open(terms);
    }

    /// The payer keeps terms that all signed and opens them when prices have changed.
    function test_way_14_a_channel_opened_five_years_after_its_first_block() public {
        ChannelTerms memory terms = termsFor(2);
        uint256 late = START + 5 * 365 days;
        vm.warp(late);
        refuses(terms, abi.encodeWithSelector(IChannels.OpenedTooLate.selector, START, late));
    }

    function test_every_participant_must_have_signed_these_terms() public {
        ChannelTerms memory terms = termsFor(3);
        bytes32 channelId = channels.channelIdOf(terms);
        bytes[] memory signatures = signaturesFor(3, channelId);
        for (uint256 i = 0; i < 3; i++) {
            bytes memory good = signatures[i];
            bytes[4] memory bad =
                [signatureOf(OPERATOR + i, channelId), highS(good), bytes(""), bytes.concat(good, hex"00")];
            for (uint256 k = 0; k < bad.length; k++) {
                signatures[i] = bad[k];
                vm.expectRevert(abi.encodeWithSelector(IChannels.SignatureRefused.selector, account(i)));
                channels.openChannel(terms, signatures, boxesFor(3));
            }
            signatures[i] = good;
        }
        terms.salt = keccak256("others");
        vm.expectRevert(abi.encodeWithSelector(IChannels.SignatureRefused.selector, account(0)));
        channels.openChannel(terms, signatures, boxesFor(3));
    }

    function test_as_many_signatures_as_participants() public {
        ChannelTerms memory terms = termsFor(3);
        bytes32 channelId = channels.channelIdOf(terms);
        for (uint256 given = 2; given < 5; given += 2) {
            bytes[] memory signatures = signaturesFor(given, channelId);
            vm.expectRevert(
                abi.encodeWithSelector(IChannels.SignatureCountMismatch.selector, given, uint256(3))
            );
            channels.openChannel(terms, signatures, boxesFor(3));
        }
    }

    function test_a_contract_account_signs_by_erc1271() public {
        KeyedAccount wallet = new KeyedAccount(vm.addr(0x7777));
        registerKeys(address(wallet), 98);
        ChannelTerms memory terms = termsFor(2);
        terms.participants[1] = address(wallet);
        bytes32 channelId = channels.channelIdOf(terms);
        bytes[] memory signatures = signaturesFor(2, channelId);
        vm.expectRevert(abi.encodeWithSelector(IChannels.SignatureRefused.selector, address(wallet)));
        channels.openChannel(terms, signatures, boxesFor(2));
        signatures[1] = signatureOf(0x7777, channelId);
        channels.openChannel(terms, signatures, boxesFor(2));
    }

    /// EIP-7702: the account's code answers nothing to ERC-1271, its key still signs.
    function test_way_18_an_account_with_delegated_code_goes_on_signing() public {
        vm.etch(account(1), address(new DelegatedCode()).code);
        ChannelTerms memory terms = termsFor(2);
        bytes32 channelId = channels.channelIdOf(terms);
        bytes[] memory signatures = signaturesFor(2, channelId);
        bytes memory good = signatures[1];
        signatures[1] = signatureOf(OPERATOR + 1, channelId);
        vm.expectRevert(abi.encodeWithSelector(IChannels.SignatureRefused.selector, account(1)));
        channels.openChannel(terms, signatures, boxesFor(2));
        signatures[1] = good;
        channels.openChannel(terms, signatures, boxesFor(2));
    }

    function test_boxes_are_of_104_bytes_one_for_each() public {
        ChannelTerms memory terms = termsFor(2);
        bytes[] memory signatures = signaturesFor(2, channels.channelIdOf(terms));
        bytes[] memory boxes = boxesFor(2);
        for (uint256 size = 103; size < 106; size += 2) {
            boxes[1] = new bytes(size);
            vm.expectRevert(abi.encodeWithSelector(IChannels.BoxSizeWrong.selector, uint256(1), size));
            channels.openChannel(terms, signatures, boxes);
        }
        for (uint256 given = 1; given < 4; given += 2) {
            boxes = boxesFor(given);
            vm.expectRevert(abi.encodeWithSelector(IChannels.BoxCountMismatch.selector, given, uint256(2)));
            channels.openChannel(terms, signatures, boxes);
        }
    }

    /// Any participant, or anybody, sends the opening with other boxes: nobody could open its secret.
    function test_way_08_whoever_sends_the_opening_cannot_change_the_boxes() public {
        ChannelTerms memory terms = termsFor(2);
        bytes[] memory signatures = signaturesFor(2, channels.channelIdOf(terms));
        bytes[] memory boxes = boxesFor(2);
        (boxes[0], boxes[1]) = (boxes[1], boxes[0]);
        bytes memory refusal = abi.encodeWithSelector(
            IChannels.BoxesRefused.selector, terms.boxesHash, keccak256(joined(boxes))
        );
        for (uint256 i = 0; i < 2; i++) {
            vm.expectRevert(refusal);
            vm.prank(account(i));
            channels.openChannel(terms, signatures, boxes);
        }
        channels.openChannel(terms, signatures, boxesFor(2));
    }

    function refuses(ChannelTerms memory terms, bytes memory refusal) private {
        uint256 count = terms.participants.length;
        bytes[] memory signatures = signaturesFor(count, channels.channelIdOf(terms));
        vm.expectRevert(refusal);
        channels.openChannel(terms, signatures, boxesFor(count));
    }
}
